// The status page in a real Chromium: what people see, and what only a browser knows. Called by tests/e2e/page_test.py with one argument, JSON:
// {address, pool, bad, pictures}, {address, pairs, bad, pictures} or {address, login, pictures}. Prints one line for each check; exit status 1 when one failed.
"use strict";
const { task, kPhone, check, equal, holds, open, accessible, fits, run } = require("./parts.cjs");

const pages = { overview: "/", pool: `/pools/${task.pool}` };

async function looks(browser) {
  for (const [name, path] of Object.entries(pages)) {
    for (const [look, options] of Object.entries({
      light: { colorScheme: "light" },
      dark: { colorScheme: "dark" },
      phone: { colorScheme: "light", viewport: kPhone },
      contrast: { colorScheme: "light", forcedColors: "active" },
    })) {
      await check(`${name} ${look}`, () => open(browser, path, options, async (page) => {
        await fits(page);
        if (look !== "contrast") await accessible(page);
        await page.evaluate(async () => {  // what is not looked at yet is not drawn yet
          for (let at = 0; at < document.documentElement.scrollHeight; at += innerHeight) {
            scrollTo(0, at);
            await new Promise(requestAnimationFrame);
          }
          scrollTo(0, 0);
        });
        if (task.pictures) await page.screenshot({ path: `${task.pictures}/${name}-${look}.png`, fullPage: true });
      }));
    }
    await check(`${name} print`, () => open(browser, path, { viewport: { width: 794, height: 1123 } }, async (page) => {
      await page.emulateMedia({ media: "print" });
      await accessible(page);
      holds(!(await page.locator("form.filter, form.ask").first().isVisible()), "forms are printed");
      if (task.pictures) await page.pdf({ path: `${task.pictures}/${name}-print.pdf`, format: "A4" });
    }));
  }
}

// Complete without JavaScript.
async function plain(browser) {
  await check("without JavaScript", () => open(browser, "/", { javaScriptEnabled: false }, async (page) => {
    holds((await page.title()).includes("not working"), "the title counts");
    holds(await page.locator("details.pair.bad").first().getByText("ErrorState").first().isVisible(), "the worst pair is open");
    await page.locator("#verdict").selectOption("good");
    await page.getByRole("button", { name: "Filter" }).click();
    holds(page.url().includes("verdict=good"), `the filter is in the address: ${page.url()}`);
    equal(await page.locator("details.pair:not(.good)").count(), 0, "other pairs");
    await page.getByRole("link", { name: "Show all" }).click();
    await page.locator(`a[href="/pools/${task.bad}"]`).first().click();
    holds((await page.locator("h1").textContent()).includes("not working"), "the pool's page");
    holds(await page.getByText("UserServices.PresenceFocus:[").first().isVisible(), "what the cmdlet prints");
    await page.getByRole("button", { name: "Ask the pool now" }).click();
    holds((await page.content()).includes("BackupModules"), "a live answer as text");
  }));
}

// Every place is reached by the keyboard, is seen, and lets go.
async function keys(browser) {
  for (const [name, path] of Object.entries(pages)) {
    await check(`keyboard ${name}`, () => open(browser, path, {}, async (page) => {
      const wanted = await page.evaluate(() => [...document.querySelectorAll("a, button, input:not([type=hidden]), select, summary, [tabindex='0']")]
        .filter((each) => each.checkVisibility({ contentVisibilityAuto: false })).length);
      let reached = 0;
      for (; reached < wanted + 5; reached += 1) {
        await page.keyboard.press("Tab");
        const at = await page.evaluate(() => {
          const focus = document.activeElement;
          const seen = getComputedStyle(focus);
          return { name: focus.tagName, text: focus.textContent.slice(0, 40), ring: seen.outlineStyle !== "none" && parseFloat(seen.outlineWidth) > 0 };
        });
        if (at.name === "BODY") break;
        if (reached === 0) equal(at.text, "Skip to the status", "the first place");
        holds(at.ring, `${at.name} ${at.text} shows no focus`);
      }
      equal(reached, wanted, "places that the keyboard reaches");
    }));
  }
  await check("keyboard opens a pair", () => open(browser, "/", {}, async (page) => {
    const pair = page.locator("details.pair.good").first();
    await pair.locator("summary").focus();
    await page.keyboard.press("Enter");
    holds(await pair.evaluate((each) => each.open), "it is open");
  }));
}

// Told, not judged: what a thousand pools cost.
async function figures(browser) {
  await check("many pools", () => open(browser, "/", {}, async (page) => {
    equal(await page.locator(".pair").count(), task.pairs, "pairs");
    const [answer, bytes, loaded, painted, nodes] = await page.evaluate(() => {
      const [way] = performance.getEntriesByType("navigation");
      const paint = performance.getEntriesByName("first-contentful-paint")[0];
      return [way.responseEnd, way.decodedBodySize, way.loadEventEnd, paint ? paint.startTime : NaN, document.querySelectorAll("*").length];
    });
    console.log(`# ${task.pairs} pairs: the answer after ${answer.toFixed(0)} ms (${(bytes / 1e6).toFixed(1)} MB), painted after ${painted.toFixed(0)} ms, `
      + `loaded after ${loaded.toFixed(0)} ms, ${nodes} elements`);
  }));
}

// Of many pairs those that work are lines, which lead to their modules.
async function lines(browser) {
  await check("lines", () => open(browser, "/", { viewport: kPhone }, async (page) => {
    await fits(page);
    equal(await page.locator("details.pair").count(), task.bad, "pairs with modules");
    const pair = page.locator("div.pair.good").last();
    await pair.scrollIntoViewIfNeeded();
    if (task.pictures) await page.screenshot({ path: `${task.pictures}/lines-phone.png` });
    await pair.getByRole("link").last().click();
    await page.locator("main.pool table.modules").first().waitFor();
  }));
}

// Who did not log in is told how. Nothing of the page wants a login of its own, or the browser's window would open again for each.
// A headless browser has no such window: it is given a wrong password, and then shows what a cancelled window leaves.
async function login(browser) {
  const httpCredentials = { username: "alice", password: "wrong" };
  for (const [look, options] of Object.entries({ light: {}, dark: { colorScheme: "dark" }, phone: { viewport: kPhone } })) {
    await check(`login ${look}`, () => open(browser, "/", { ...options, httpCredentials, allow: /status of 401/ }, async (page) => {
      holds(await page.getByText("give the browser a user of this agent").isVisible(), "it says what to do");
      equal(await page.evaluate(() => performance.getEntriesByType("resource").map((each) => each.name)
        .filter((each) => !each.endsWith("/favicon.ico"))), [], "what it loads besides");
      await fits(page);
      await accessible(page);
      if (task.pictures) await page.screenshot({ path: `${task.pictures}/login-${look}.png` });
    }));
  }
  await check("login given", () => open(browser, "/", { httpCredentials: { ...httpCredentials, password: "secret" } }, async (page) => {
    await page.locator(".pair").first().waitFor();
  }));
}

run(async (browser) => {
  if (task.login) {
    await login(browser);
  } else if (task.pairs) {
    await figures(browser);
    if (task.bad) await lines(browser);
  } else {
    await looks(browser);
    await plain(browser);
    await keys(browser);
  }
});
