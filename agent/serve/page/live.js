// Makes the page live: it fetches itself anew and puts the new content in the place of the old. Without it the page is whole.
"use strict";
(() => {
  const kPoll = 15000;  // where no event comes
  const kAges = 60000;  // "2 min ago" grows old without an event
  const kPatience = 10000;  // for an answer of the agent
  const kRetry = 300000;  // until a stream is asked for again
  const live = document.getElementById("live");
  const state = document.body.dataset.state;
  if (!state) return;

  function tell(text) {
    if (live && live.textContent !== text) live.textContent = text;
  }

  // The time of what is shown, as the page itself says it.
  function asOf() {
    return "as of " + document.querySelector(".asof time").textContent;
  }

  function timeLimit() {
    if (AbortSignal.timeout) return AbortSignal.timeout(kPatience);
    const limit = new AbortController();
    setTimeout(() => limit.abort(), kPatience);
    return limit.signal;
  }

  // A button at each text that somebody copies.
  function addCopyButtons() {
    if (!navigator.clipboard) return;
    for (const place of document.querySelectorAll(".copyable")) {
      if (place.querySelector("button")) continue;
      const text = place.querySelector("pre");
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = "Copy";
      button.setAttribute("aria-label", "Copy " + (text.getAttribute("aria-label") || text.id));
      button.addEventListener("click", async () => {
        await navigator.clipboard.writeText(text.textContent);
        button.textContent = "Copied";
        setTimeout(() => { button.textContent = "Copy"; }, 2000);
      });
      place.append(button);
    }
  }

  // What the reader opened or closed stays so; a pair that got worse opens by itself.
  function keepOpen(next) {
    for (const old of document.querySelectorAll("details[id]")) {
      const now = next.querySelector("#" + CSS.escape(old.id));
      if (now && now.className === old.className) now.open = old.open;
    }
  }

  function isBusy() {
    const selection = getSelection();
    return (selection && !selection.isCollapsed) || ["SELECT", "INPUT"].includes(document.activeElement?.tagName);
  }

  // Where the focus was: the same place in the new content.
  function pathOf(element) {
    const path = [];
    const main = document.getElementById("main");
    for (let at = element; at && at !== main; at = at.parentElement) {
      if (at.id) { path.unshift("#" + CSS.escape(at.id)); break; }
      path.unshift(`:scope > :nth-child(${[...at.parentElement.children].indexOf(at) + 1})`);
    }
    return path;
  }

  function follow(main, path) {
    let at = main;
    for (const step of path) at = at && at.querySelector(step);
    return at;
  }

  let running = false;
  let fetched = Date.now();
  let due = false;
  async function refresh() {
    due = true;
    if (running || document.visibilityState !== "visible") return;
    if (isBusy()) {
      tell("paused, " + asOf());
      return;
    }
    running = true;
    due = false;
    try {
      const answer = await fetch(location.pathname + location.search, { cache: "no-store", signal: timeLimit() });
      if (!answer.ok) throw new Error(answer.status);
      const next = new DOMParser().parseFromString(await answer.text(), "text/html");
      const main = document.getElementById("main");
      const nextMain = next.getElementById("main");
      const nextTime = next.querySelector(".asof time");
      if (!nextMain || !nextTime) throw new Error("another page");
      keepOpen(next);
      const path = main.contains(document.activeElement) ? pathOf(document.activeElement) : null;
      const headline = main.querySelector("h1").textContent;
      document.title = next.title;
      document.querySelector(".asof time").replaceWith(nextTime);
      main.replaceWith(document.adoptNode(nextMain));
      if (path) follow(nextMain, path)?.focus({ preventScroll: true });
      addCopyButtons();
      const newHeadline = nextMain.querySelector("h1").textContent;
      fetched = Date.now();
      tell(polls ? "live, every 15 s" : "live");
      if (headline !== newHeadline) said.textContent = newHeadline;
    } catch {
      due = true;
      tell("not live: the agent does not answer, " + asOf());
    } finally {
      running = false;
    }
  }

  // For screen readers: the headline when it changes, and nothing else.
  const said = document.createElement("p");
  said.className = "hidden";
  said.setAttribute("role", "status");
  document.querySelector(".top").append(said);

  // Events say when something changed. Without a stream (too many browsers, a proxy) the page asks now and then.
  let polls = false;
  let broken = 0;  // streams in a row that did not open
  function listen() {
    const events = new EventSource("/events?seen=" + encodeURIComponent(state));
    events.onmessage = refresh;
    events.onopen = () => { polls = false; broken = 0; };
    events.onerror = () => {
      if (events.readyState !== EventSource.CLOSED) {
        // Each stream ends after its event; a second end without a beginning is an agent that is gone.
        if (++broken > 1) refresh();
        return;
      }
      polls = true;
      setTimeout(listen, kRetry);
    };
  }

  addCopyButtons();
  tell("live");
  listen();
  setInterval(() => {
    if (due || Date.now() - fetched > (polls ? kPoll : kAges)) refresh();
  }, 2000);
  document.addEventListener("visibilitychange", () => { if (Date.now() - fetched > 5000) refresh(); });
})();
