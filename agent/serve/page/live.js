// Makes the page live: it fetches itself anew and puts the new content in the place of the old. Without it the page is whole.
"use strict";
(() => {
  const kPoll = 15000;  // where no event comes
  const kAges = 60000;  // "2 min ago" grows old without an event
  const kUnseen = 10000;  // between two fetches while nobody looks
  const kBusy = 15000;  // after an agent that had no time
  const kPatience = 10000;  // for an answer of the agent
  const kRetry = 300000;  // until a stream is asked for again
  const live = document.getElementById("live");
  const state = document.body.dataset.state;
  if (!state) return;

  function tell(text) {
    if (live && live.textContent !== text) live.textContent = text;
  }

  // For screen readers: the headline when it changes, and when the page stops being live.
  const said = document.createElement("p");
  said.className = "hidden";
  said.setAttribute("role", "status");
  document.querySelector(".top").append(said);
  function say(text) {
    if (said.textContent !== text) said.textContent = text;
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
        const from = text.dataset.from;  // what it is of, and of when: it goes into a ticket
        await navigator.clipboard.writeText(from ? `${from}\n\n${text.textContent}` : text.textContent);
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

  let title = document.title;  // what the agent said last; a mark may stand before it

  // What is shown may be wrong by now: the title, the headline, the colours, the voice and the paper say so.
  function outdated(mark, why) {
    const main = document.getElementById("main");
    const text = `${mark}${why}, ${asOf()}`;
    document.title = `${mark}: ${title}`;
    main.classList.add("old");
    main.querySelector("h1").dataset.mark = `${mark[0].toUpperCase()}${mark.slice(1)}: `;
    live.classList.add("old");
    tell(text);
    say(text);
  }

  // The time of an answer that does not say it itself.
  function timeOf(answer) {
    const time = document.createElement("time");
    time.dateTime = new Date(answer.headers.get("Date") || Date.now()).toISOString();
    time.textContent = time.dateTime.slice(0, 19).replace("T", " ") + " UTC";
    return time;
  }

  const places = (main) => [...main.querySelectorAll(".scroll, pre")];

  function show(next, nextMain, time) {
    keepOpen(next);
    const main = document.getElementById("main");
    const path = main.contains(document.activeElement) ? pathOf(document.activeElement) : null;
    const scrolled = places(main).map((each) => [each.scrollLeft, each.scrollTop]);
    const headline = main.querySelector("h1").textContent;
    const wasOld = main.classList.contains("old");
    title = document.title = next.title;
    document.querySelector(".asof time").replaceWith(time);
    main.replaceWith(document.adoptNode(nextMain));
    live.classList.remove("old");
    places(nextMain).forEach((each, at) => { if (scrolled[at]) [each.scrollLeft, each.scrollTop] = scrolled[at]; });
    if (path) follow(nextMain, path)?.focus({ preventScroll: true });
    addCopyButtons();
    const newHeadline = nextMain.querySelector("h1").textContent;
    if (wasOld || headline !== newHeadline) say((wasOld ? "live again: " : "") + newHeadline);
  }

  function problem(said) {
    return Object.assign(new Error(said), { said });
  }

  const kPages = [401, 403, 404];  // refusals that are a page for people, with what to do
  let running = false;
  let fetched = Date.now();
  let asked = Date.now();
  let quietUntil = 0;
  let due = false;
  async function refresh() {
    due = true;
    const seen = document.visibilityState === "visible";
    const now = Date.now();
    if (running || now < quietUntil || (!seen && now - asked < kUnseen)) return;
    if (seen && isBusy()) {
      outdated("paused", "");
      return;
    }
    running = true;
    due = false;
    asked = now;
    try {
      const answer = await fetch(location.pathname + location.search, { cache: "no-store", signal: timeLimit() });
      if ([429, 503].includes(answer.status)) {
        quietUntil = Date.now() + kBusy;
        throw problem("the agent is busy");
      }
      const next = new DOMParser().parseFromString(await answer.text(), "text/html");
      const nextMain = next.getElementById("main");
      if (!nextMain || !(answer.ok || kPages.includes(answer.status))) throw problem(`the answer was ${answer.status}, no page of the agent`);
      fetched = Date.now();
      if (answer.status === 401) quietUntil = fetched + kRetry;  // each one may open the browser's login window
      if (isBusy()) {  // in the background only the title is seen; the rest follows when somebody looks
        title = next.title;
        outdated("paused", "");
        return;
      }
      show(next, nextMain, next.querySelector(".asof time") || timeOf(answer));
      tell(!answer.ok ? "refused" : polls ? "live, every 15 s" : "live");
    } catch (error) {
      due = true;
      outdated("not live", `: ${error.said || "the agent does not answer"}`);
    } finally {
      running = false;
    }
  }

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
    const seen = document.visibilityState === "visible";
    const held = seen && document.querySelector("main.old");
    if (due || held || Date.now() - fetched > (polls && seen ? kPoll : kAges)) refresh();
  }, 2000);
  document.addEventListener("visibilitychange", () => { if (Date.now() - fetched > 5000) refresh(); });
})();
