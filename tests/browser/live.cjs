// What the status page does by itself in a real Chromium, and that it never looks live when it is not. Called by tests/e2e/page_test.py with one
// argument, JSON: {address, pool, pid, streams, change: {file, content, back, shows}, pictures}. `pid` is the agent's: the last check kills it.
"use strict";
const events = require("events");
const fs = require("fs");
const http = require("http");
const { task, kPhone, check, equal, holds, open, accessible, run } = require("./parts.cjs");

// A new export for the agent, in one step.
function drop(content) {
  fs.writeFileSync(`${task.change.file}.new`, content);
  fs.renameSync(`${task.change.file}.new`, task.change.file);
  dropped = content;
}

// Whatever was there last, something changes.
let dropped = task.change.back;
function turn() {
  drop(dropped === task.change.back ? task.change.content : task.change.back);
}

const says = (page, text) => page.locator("#live", { hasText: text }).waitFor();
const shown = (page) => page.locator(".asof time").textContent();
const changed = (page) => page.locator("details.pair.bad", { hasText: task.change.shows });

// Asked for from here: the page's policy lets nothing of ours wait in it.
async function until(page, what, given) {
  const limit = Date.now() + 120000;
  while (!(await page.evaluate(what, given))) {
    holds(Date.now() < limit, `${what} ${given} did not come; the title: ${await page.title()}`);
    await new Promise((done) => { setTimeout(done, 100); });
  }
}
const titled = (page, text) => until(page, (wanted) => document.title.startsWith(wanted), text);

// The page brings itself up to date, whatever was shown before.
async function isLive(page) {
  await says(page, /^live$/);
  await page.locator("main:not(.old)").waitFor();
  holds(!/^(not live|paused): /.test(await page.title()), `the title: ${await page.title()}`);
}

// All that tells that the page is not live: the title, the headline, the colours, the voice, and the paper.
async function looksOld(page, mark, why) {
  const text = `${mark}${why}, as of ${await shown(page)}`;
  equal(await page.locator("#live").textContent(), text, "what it says");
  equal(await page.locator("p[role=status]").textContent(), text, "what a screen reader hears");
  holds((await page.title()).startsWith(`${mark}: `), `the title: ${await page.title()}`);
  const [filter, before] = await page.evaluate(() => [getComputedStyle(document.querySelector("main.old")).filter,
    getComputedStyle(document.querySelector("main.old h1"), "::before").content]);
  equal(filter, "grayscale(1)", "the colours");
  equal(before.toLowerCase(), `"${mark}: "`, "before the headline");
  await page.emulateMedia({ media: "print" });
  holds(await page.locator("#live").isVisible(), "it is printed");
  await page.emulateMedia({ media: "screen" });
}

// Live: a change comes by itself; what the reader opened stays open, and the focus where it was.
async function live(browser) {
  await check("live", () => open(browser, "/", {}, async (page) => {
    const opened = page.locator("details.pair.good").last();
    const id = await opened.getAttribute("id");
    await opened.locator("summary").click();
    await page.evaluate(() => { window.stayed = true; });
    drop(task.change.content);
    await changed(page).waitFor({ state: "attached" });
    holds(await page.evaluate(() => window.stayed), "the page was loaded anew");
    holds(await page.evaluate((name) => document.getElementById(name).open, id), "what was opened closed");
    equal(await page.evaluate(() => document.activeElement.closest("details")?.id), id, "the focus");
    await isLive(page);
    holds((await page.locator("p[role=status]").textContent()).includes("not working"), "a screen reader hears of it");
    await page.emulateMedia({ media: "print" });
    holds(!(await page.locator("#live").isVisible()), "paper is not live");
  }));
}

// The page says "live" only while it is: not where the reader holds it, nor where the agent is silent. Runs after `live`, with its change.
async function notLive(browser) {
  await check("paused", () => open(browser, "/", {}, async (page) => {
    await page.locator("#verdict").focus();
    drop(task.change.back);
    await says(page, /^paused, as of /);
    await looksOld(page, "paused", "");
    equal(await changed(page).count(), 1, "the old content stays");
    await page.evaluate(() => document.activeElement.blur());
    await isLive(page);
    await changed(page).waitFor({ state: "detached" });
    holds((await page.locator("p[role=status]").textContent()).startsWith("live again: "), "a screen reader hears that it goes on");
  }));
  await check("the agent is silent", () => open(browser, "/", {}, async (page) => {
    const silent = (url) => url.pathname === "/";
    await page.route(silent, () => {});  // no answer, ever
    drop(task.change.content);
    await says(page, /the agent does not answer/);
    await looksOld(page, "not live", ": the agent does not answer");
    await accessible(page);
    await page.unroute(silent);
    await isLive(page);
    await changed(page).waitFor({ state: "attached" });
  }));
}

// A tab in the background: its title tells. A headless browser shows all its tabs, so the page is told that it is hidden.
async function hidden(browser) {
  const become = (page, state) => page.evaluate((now) => {
    Object.defineProperty(document, "visibilityState", { value: now, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  }, state);
  await check("hidden", () => open(browser, "/", { allow: /ERR_FAILED/ }, async (page) => {
    await become(page, "hidden");
    drop(task.change.back);
    await titled(page, "1 not working");
    drop(task.change.content);
    await titled(page, "2 not working");
    let fetches = 0;
    page.on("request", (request) => { fetches += new URL(request.url()).pathname === "/"; });
    await page.evaluate(() => { for (let i = 0; i < 50; i += 1) document.dispatchEvent(new Event("visibilitychange")); });
    holds(fetches <= 1, `${fetches} fetches at once`);
    await page.evaluate(() => getSelection().selectAllChildren(document.querySelector("h1")));
    drop(task.change.back);
    await titled(page, "paused: 1 not working");
    equal(await changed(page).count(), 1, "what the reader holds stays");
    await page.route((url) => url.pathname === "/", (route) => route.abort());
    turn();
    await titled(page, "not live: 1 not working");
  }));
}

// What the agent says of itself in the place of the pools is shown; without time it says so.
async function refusals(browser) {
  const at = (url) => url.pathname === "/";
  const notice = (text) => `<title>${text}</title><main id="main"><h1>${text}</h1></main>`;
  const allow = /the server responded with a status of/;
  for (const status of [401, 403, 404]) {
    await check(`answer ${status}`, () => open(browser, "/", { allow }, async (page) => {
      await page.route(at, (route) => route.fulfill({ status, contentType: "text/html", body: notice(`Refused by ${status}`) }));
      turn();
      await page.locator("h1", { hasText: `Refused by ${status}` }).waitFor();
      equal(await page.title(), `Refused by ${status}`, "the title");
      equal(await page.locator("#live").textContent(), "refused", "what it says");
      equal(await page.locator("p[role=status]").textContent(), `Refused by ${status}`, "what a screen reader hears");
      holds(!(await page.locator(".pair").count()), "no pair is shown");
    }));
  }
  for (const status of [429, 503]) {
    await check(`answer ${status}`, () => open(browser, "/", { allow }, async (page) => {
      await page.route(at, (route) => route.fulfill({ status, contentType: "text/plain", body: "later" }));
      turn();
      await says(page, /^not live/);
      await looksOld(page, "not live", ": the agent is busy");
      await page.unroute(at);
      await isLive(page);
    }));
  }
}

// What was scrolled stays so when the page brings itself up to date.
async function scrolled(browser) {
  await check("scrolled", () => open(browser, `/pools/${task.pool}`, { viewport: kPhone }, async (page) => {
    const places = () => page.evaluate(() => [...document.querySelectorAll("main .scroll, main pre")].map((each) => each.scrollLeft));
    const before = await page.evaluate(() => {
      window.before = document.getElementById("main");
      return [...document.querySelectorAll("main .scroll, main pre")].map((each, at) => {
        each.scrollLeft = 20 + at;
        return each.scrollLeft;
      });
    });
    holds(before.filter((each) => each > 0).length > 2, `there is something to scroll: ${before}`);
    turn();
    await until(page, () => window.before !== document.getElementById("main"));
    equal(await places(), before, "where it was scrolled to");
  }));
}

function ask(path, limit) {
  return new Promise((done) => {
    const request = http.get(task.address + path, { agent: false }, (answer) => {
      let body = "";
      answer.on("data", (piece) => { body += piece; });
      answer.on("end", () => done({ status: answer.statusCode, body }));
      answer.on("error", () => done({}));
    });
    request.on("error", () => done({}));
    if (limit) limit.addEventListener("abort", () => request.destroy());
  });
}

// One more browser than there are streams asks now and then.
async function crowded(browser) {
  await check("one more than there are streams", () => open(browser, "/icon", { allow: /status of (404|503)/ }, async (page) => {
    const [, seen] = /data-state="(\w+)"/.exec((await ask("/")).body);
    const path = `/events?seen=${seen}`;
    const stop = new AbortController();
    events.setMaxListeners(0, stop.signal);
    const hold = async () => { while (!stop.signal.aborted) await ask(path, stop.signal); };
    for (let i = 0; i < task.streams; i += 1) hold();
    const limit = Date.now() + 120000;
    while ((await ask(path, AbortSignal.timeout(500))).status !== 503) holds(Date.now() < limit, "there is still a stream");
    await page.goto(task.address, { waitUntil: "load" });
    await says(page, /^live, every 15 s$/);
    stop.abort();
    const count = await page.locator("details.pair.bad").count();
    turn();
    await until(page, (before) => document.querySelectorAll("details.pair.bad").length !== before, count);
    equal(await page.locator("#live").textContent(), "live, every 15 s", "what it says");
  }));
}

// The agent ends: nothing that is shown may look as if it still counted.
async function dead(browser) {
  await check("the agent is dead", () => open(browser, "/", { allow: /ERR_CONNECTION|ERR_INCOMPLETE/ }, async (page) => {
    const title = await page.title();
    process.kill(task.pid, "SIGKILL");
    await says(page, /the agent does not answer/);
    await looksOld(page, "not live", ": the agent does not answer");
    equal(await page.title(), `not live: ${title}`, "the title");
    if (!task.pictures) return;
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: `${task.pictures}/dead-${colorScheme}.png` });
    }
    await page.setViewportSize(kPhone);
    await page.screenshot({ path: `${task.pictures}/dead-phone.png` });
  }));
}

run(async (browser) => {
  await live(browser);
  await notLive(browser);
  await hidden(browser);
  await refusals(browser);
  await scrolled(browser);
  await crowded(browser);
  await dead(browser);
});
