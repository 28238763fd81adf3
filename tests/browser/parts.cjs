// What the scripts share that look at the agent's pages in a real Chromium. Each is called with one argument, JSON: the task, which has `address`.
"use strict";
const fs = require("fs");
const { chromium } = require("playwright-core");
const axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const task = JSON.parse(process.argv[2]);
const kDesktop = { width: 1280, height: 900 };
const kPhone = { width: 360, height: 740 };
let failures = 0;

async function check(name, work) {
  try {
    await work();
    console.log(`ok ${name}`);
  } catch (error) {
    failures += 1;
    console.log(`not ok ${name}: ${error.stack || error}`);
  }
}

function equal(found, wanted, what) {
  if (JSON.stringify(found) !== JSON.stringify(wanted)) throw new Error(`${what}: ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`);
}

function holds(value, what) {
  if (!value) throw new Error(what);
}

// A page of its own; what the browser complains of must be nothing but what `allow` matches.
async function open(browser, path, { allow, ...options }, work) {
  const context = await browser.newContext({ viewport: kDesktop, ...options });
  const complaints = [];
  const page = await context.newPage();
  page.setDefaultTimeout(120000);
  page.on("console", (message) => {
    // A browser looks there for the drawing of an answer that is plain text.
    if (!message.location().url.endsWith("/favicon.ico")) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("requestfailed", (request) => {
    // A page that is left ends its own requests.
    if (request.failure().errorText !== "net::ERR_ABORTED") complaints.push(`${request.url()}: ${request.failure().errorText}`);
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(task.address)) complaints.push(`asked elsewhere: ${request.url()}`);
  });
  try {
    await page.goto(task.address + path, { waitUntil: "load" });
    await work(page, context);
    equal(complaints.filter((each) => !allow || !allow.test(each)), [], "complaints of the browser");
  } finally {
    await context.close();
  }
}

async function accessible(page) {
  await page.evaluate(axe);
  const result = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
  const found = result.violations.map((each) => `${each.id}: ${each.nodes.map((node) => node.target.join(" ")).slice(0, 5).join("; ")}`);
  equal(found, [], "axe-core");
}

async function fits(page) {
  const [wide, room] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  const over = await page.evaluate(() => [...document.querySelectorAll("body *")].filter((each) => each.getBoundingClientRect().right > innerWidth + 1)
    .slice(0, 5).map((each) => `${each.tagName}.${each.className}`));
  holds(wide <= room, `the page is ${wide} wide where there is room for ${room}: ${over.join(", ")}`);
}

// Does the work in a browser, and ends the program: exit status 1 when a check failed.
async function run(work) {
  const browser = await chromium.launch({ executablePath: process.env.SFB_CHROMIUM || "/usr/bin/chromium", args: ["--no-sandbox", "--disable-dev-shm-usage"] });
  try {
    await work(browser);
  } finally {
    await browser.close();
  }
  process.exit(failures === 0 ? 0 : 1);
}

module.exports = { task, kPhone, check, equal, holds, open, accessible, fits, run };
