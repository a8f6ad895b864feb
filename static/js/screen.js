/* What a screen needs that hangs on a wall for months: letters of the right size, no sleep, nothing burnt in, and a
   fresh start now and then, never while somebody is called and never onto an error page. */
(() => {
  "use strict";

  const page = document.querySelector("[data-topic]");
  const root = document.documentElement;
  const panel = document.querySelector("[data-call]");

  /* --- Size ---------------------------------------------------------------------------------------------------- */

  const FITS = ".calls .room, [data-board] .label, [data-call-ticket], [data-call-room], [data-call-words], [data-call-own]";
  const SMALLEST = 0.3;

  function size() {
    root.style.setProperty("--least", document.querySelector("[data-set-up]").dataset.row);
    for (const one of document.querySelectorAll(FITS)) fit(one);
  }

  /* Long names are written smaller, rather than cut. A letter reaches out of its line a little; half a line is one more. */
  function fit(one) {
    const text = document.createRange();
    text.selectNodeContents(one);
    for (let share = 1; share >= SMALLEST; share *= 0.94) {
      one.style.setProperty("--fit", share.toFixed(3));
      const [written, box] = [text.getBoundingClientRect(), one.getBoundingClientRect()];
      const line = parseFloat(getComputedStyle(one).fontSize);
      if (written.width <= box.width + 0.5 && written.height <= box.height + line / 2) return;
    }
  }

  for (const sign of ["board", "call"]) document.addEventListener(sign, size);
  addEventListener("resize", size);
  document.fonts.ready.then(size);

  /* --- Awake, and not burnt in ----------------------------------------------------------------------------------- */

  const MINUTE = 60000;
  // In pixels, from the middle: each step is one of 2 to 8 in some direction.
  const PLACES = [[0, 0], [4, 2], [4, -4], [0, -6], [-4, -4], [-4, 2], [0, 6], [2, 2]];
  let place = 0;

  const stayAwake = () => navigator.wakeLock && navigator.wakeLock.request("screen").catch(() => {});

  function shift() {
    if (!panel.hidden) return;
    place = (place + 1) % PLACES.length;
    const [x, y] = PLACES[place];
    page.style.setProperty("translate", `${x}px ${y}px`);
  }

  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && stayAwake());
  stayAwake();

  /* --- A fresh start --------------------------------------------------------------------------------------------- */

  const NIGHT = 3.5 * 60 + (Math.random() - 0.5) * 20;
  const DAY = 24 * 60;
  // Times what it was at first, and at least so much: what nobody holds is counted too, until it is collected.
  const [GROWN, MUCH] = [3, 100e6];
  const AT_MOST = 45000;
  const AGAIN = 5000;
  const ANSWER_WITHIN = 5000;
  const HOLDS = AGAIN + ANSWER_WITHIN;
  let asked = 0;
  let answeredAt = -HOLDS;
  let heap = 0;
  let before = minuteOfDay();

  /* Within a minute, if there is a gap; not all screens at once. */
  function leaveSoon() {
    if (asked) return;
    asked = performance.now();
    setTimeout(leave, Math.random() * 10000);
  }

  const isLate = () => asked > 0 && performance.now() - asked > AT_MOST;
  const isAnswered = () => performance.now() - answeredAt < HOLDS;

  async function leave() {
    if (calls.isQuiet() || isLate()) await askServer();
    if (calls.isQuiet() && isAnswered()) return location.reload();
    setTimeout(leave, calls.isQuiet() || isLate() ? AGAIN : 500);
  }

  /* Calls that never pause leave only the gap between two: those that wait are shown by the page that comes. */
  function leaveInGap(event) {
    if (!isLate() || !isAnswered()) return;
    event.preventDefault();
    location.reload();
  }

  async function askServer() {
    const isThere = await fetch("/serves/", { cache: "no-store", signal: AbortSignal.timeout(ANSWER_WITHIN) })
      .then((answer) => answer.status === 204)
      .catch(() => false);
    answeredAt = isThere ? performance.now() : -HOLDS;
  }

  function minuteOfDay() {
    const timeZone = page.querySelector("[data-clock]").dataset.clock;
    const clock = new Intl.DateTimeFormat("en", { hour: "numeric", minute: "numeric", hourCycle: "h23", timeZone });
    const [hour, minute] = clock.format(live.now()).split(":").map(Number);
    return hour * 60 + minute;
  }

  /* At night; and whenever memory has grown without end, which nobody here could mend. */
  function look() {
    const now = minuteOfDay();
    const isNight = (NIGHT - before + DAY) % DAY <= (now - before + DAY) % DAY && now !== before;
    before = now;
    const used = performance.memory ? performance.memory.usedJSHeapSize : 0;
    heap = heap || used;
    if (isNight || used > Math.max(GROWN * heap, MUCH)) leaveSoon();
    shift();
  }

  document.addEventListener("gap", leaveInGap);
  document.addEventListener("outdated", (event) => {
    event.preventDefault();
    leaveSoon();
  });
  setInterval(look, MINUTE);
  size();
})();
