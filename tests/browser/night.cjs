// What somebody on call sees. Called by tests/e2e/night_test.py with one argument, JSON:
// {address, pool, module, standing, pictures, name}: the page on a phone and the pool's page, once the pair has that standing; prints `found JSON`.
// {address, pool, watch: [standing, ...]}: one tab that stays open while the pair goes through these standings.
"use strict";
const { task, kPhone, check, holds, open, accessible, fits, run } = require("./parts.cjs");

const host = task.pool.split(".")[0];

// The pair, once it has this standing: the page brings itself up to date.
async function pairOf(page, standing) {
  const pair = page.locator(`details.pair.${standing}`, { hasText: host });
  await pair.waitFor({ state: "attached" });
  return pair;
}

// What one side of a pair says of the pool.
async function told(page, side) {
  const row = side.locator("table.modules tbody tr", { hasText: task.module.split(".").pop() }).first();
  const cell = row.locator("td.state").first();
  return {
    title: await page.title(),
    verdict: (await side.locator("p.verdict strong").textContent()).trim(),
    grounds: (await side.locator("ul.grounds li").allTextContents()).map((each) => each.trim()),
    groundTimes: await side.locator("ul.grounds li time").evaluateAll((times) => times.map((each) => each.dateTime)),
    runbooks: await side.locator("ul.grounds a").evaluateAll((links) => links.map((each) => each.href)),
    health: (await cell.getAttribute("class")).replace("state ", ""),
    since: await cell.locator("time.since").getAttribute("datetime"),
    words: (await cell.textContent()).trim().replace(/\s+/g, " "),
  };
}

async function picture(page, name) {
  if (task.pictures) await page.screenshot({ path: `${task.pictures}/${task.name}-${name}.png` });
}

async function phone(browser) {
  await open(browser, "/", { viewport: kPhone, hasTouch: true, isMobile: true }, async (page) => {
    const side = (await pairOf(page, task.standing)).locator(".side", { hasText: task.pool });
    console.log(`found ${JSON.stringify(await told(page, side))}`);
    if (task.standing === "bad") {
      const place = await side.locator("ul.grounds li").first().boundingBox();
      holds(place && place.y + place.height <= kPhone.height, `the reason is out of sight: it ends at ${place && place.y + place.height}`);
    }
    await picture(page, "phone");
    await fits(page);
    await accessible(page);
  });
}

async function pool(browser) {
  await open(browser, `/pools/${task.pool}`, {}, async (page) => {
    const side = page.locator("main.pool .side", { hasText: task.pool }).first();
    await side.and(page.locator(`.${task.standing}`)).waitFor();
    console.log(`found ${JSON.stringify(await told(page, side))}`);
    await picture(page, "pool");
  });
}

// Nobody reloads it: a kill of the agent passes over it.
async function watch(browser) {
  const page = await (await browser.newContext()).newPage();
  page.setDefaultTimeout(0);  // the test that waits for us ends us
  await page.goto(task.address, { waitUntil: "load" });
  await page.evaluate(() => { window.stayed = true; });
  for (const standing of task.watch) {
    await pairOf(page, standing);
    console.log(`seen ${standing}`);
  }
  holds(await page.evaluate(() => window.stayed), "the page was loaded anew");
}

run(async (browser) => {
  if (task.watch) {
    await check("the tab that stays open", () => watch(browser));
  } else {
    await check("on a phone", () => phone(browser));
    await check("the pool's page", () => pool(browser));
  }
});
