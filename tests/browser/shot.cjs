// One picture of a page. Argument, JSON: {address, path, file, width, height}. See tests/browser/picture.
"use strict";
const { task, check, open, run } = require("./parts.cjs");

run((browser) => check(task.file, () => open(browser, task.path, { viewport: { width: task.width, height: task.height } },
  (page) => page.screenshot({ path: task.file }))));
