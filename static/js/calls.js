/* Each new call fills the screen for its ten seconds, one after another, with its sound; then its ticket rises into
   its place in the list. A call that is withdrawn leaves, or never comes. Sounds once more if nobody has come by then.
   A call is a row with data-state "called": its ticket with the time of the call. */
const calls = (() => {
  "use strict";

  const SHOWN_FOR = 10000;
  const AGAIN_AFTER = 20000;
  // Called longer ago than this when the page is loaded: the room has heard it.
  const FRESH = 60000;
  // Called longer ago than this when the network is back, or when this screen is to show more rooms: they are listed.
  const NEWS = 300000;
  const REMEMBERED = 500;
  const MARK = "shown";

  const page = document.querySelector("[data-topic]");
  const panel = document.querySelector("[data-call]");
  const part = (name) => panel.querySelector(`[data-call-${name}]`);
  const known = new Set();
  let queue = [];
  let again = [];
  let repeating = false;
  let showing = null;
  let timer = 0;

  const rows = () => [...page.querySelectorAll('[data-state="called"]')];
  const keyOf = (row) => `${row.dataset.ticket} ${row.dataset.called}`;
  const rowOf = (call) => rows().find((row) => keyOf(row) === call.key);
  const isCalled = (call) => rowOf(call) !== undefined;

  function callOf(row) {
    const text = (name) => (row.querySelector(name) || { textContent: "" }).textContent;
    return { ...row.dataset, key: keyOf(row), room: text(".room"), label: text(".label") };
  }

  function remember(key) {
    known.add(key);
    if (known.size > REMEMBERED) known.delete(known.values().next().value);
  }

  /* A new board: who is new on it waits for their turn, the earliest call first; of a party, as they are listed. */
  function look() {
    const fresh = rows().filter((row) => !known.has(keyOf(row)));
    fresh.sort((one, other) => one.dataset.called - other.dataset.called);
    for (const row of fresh) {
      remember(keyOf(row));
      if (live.now() - Number(row.dataset.called) < NEWS) queue.push(callOf(row));
    }
    queue = queue.filter(isCalled);
    again = again.filter(isCalled);
    if (showing && !isCalled(showing)) leave();
    else next();
  }

  /* In a gap the page may make way for a fresh one, which shows whoever waits now. */
  function next() {
    if (showing || !document.dispatchEvent(new CustomEvent("gap", { cancelable: true }))) return;
    showing = queue.shift() || null;
    keep();
    if (showing) show(showing);
    else if (again.length && !repeating) sayAgain(again.shift());
  }

  async function sayAgain(call) {
    repeating = true;
    await say(call);
    repeating = false;
    next();
  }

  /* For the page after a reload: all but who still waits. */
  function keep() {
    const waiting = new Set(queue.map((call) => call.key));
    sessionStorage.setItem(MARK, JSON.stringify([...known].filter((key) => !waiting.has(key))));
  }

  function show(call) {
    part("ticket").textContent = call.ticket;
    part("label").textContent = call.label;
    part("room").textContent = call.room;
    part("words").textContent = call.go;
    part("words").lang = call.language;
    part("own").textContent = call.go === call.own ? "" : call.own;
    panel.hidden = false;
    document.dispatchEvent(new CustomEvent("call"));
    say(call);
    timer = setTimeout(leave, SHOWN_FOR);
    setTimeout(() => repeat(call), AGAIN_AFTER);
  }

  function leave() {
    clearTimeout(timer);
    panel.hidden = true;
    const row = rowOf(showing);
    if (row) row.classList.add("is-new");
    showing = null;
    next();
  }

  function repeat(call) {
    if (isCalled(call)) again.push(call);
    next();
  }

  const say = (call) => sound.call(call.says, call.language, () => isCalled(call));
  const isQuiet = () => !showing && !queue.length && !again.length && !repeating;

  /* At first, nothing is announced that was before: by this page until it was reloaded, or for all we know. */
  function begin() {
    const isOld = (row) => Number(row.dataset.called) < Number(page.dataset.now) - FRESH;
    const kept = JSON.parse(sessionStorage.getItem(MARK)) || rows().filter(isOld).map(keyOf);
    kept.forEach(remember);
    look();
  }

  document.addEventListener("board", look);
  begin();

  return { isQuiet };
})();
