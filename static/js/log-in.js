/* Tells whoever is at a page of staff that their log-in is about to end, and once it has, shows nothing of it any more.
   Another tab may have been used meanwhile: the server is asked first, which by itself keeps no log-in alive. It takes
   no focus: a form may be half typed. Without this the next press leads to the log-in. */
(() => {
  "use strict";

  const place = document.querySelector("[data-log-in]");
  if (!place) return;

  const [EVERY, NEAR, ANSWER_WITHIN, SAID_FOR] = [60000, 10000, 8000, 5000];
  const FINAL = 5 * 60000;
  const said = place.querySelector("[role=status]");
  const form = place.querySelector("form");
  const noAnswer = form.querySelector("[data-no-answer]");
  let ends = Number(place.dataset.ends);
  let isFinal = "final" in place.dataset;
  let askedAt = performance.now();
  let asking = false;
  let thanksUntil = 0;
  let before = null;

  const left = () => ends - serverClock.now();
  const isNear = () => left() <= (isFinal ? FINAL : Number(place.dataset.warn));

  /* --- What the server knows --------------------------------------------------------------------------------- */

  function take(told) {
    serverClock.hear(told.now);
    ends = told.ends;
    isFinal = told.final;
    form.elements.csrfmiddlewaretoken.value = told.token;
  }

  async function look() {
    if (asking) return;
    asking = true;
    askedAt = performance.now();
    try {
      const answer = await fetch(place.dataset.url, { cache: "no-store", signal: AbortSignal.timeout(ANSWER_WITHIN) });
      if (answer.status === 401) return leave();
      if (answer.ok) take(await answer.json());
    } catch {
      // What this page knows by itself has to do.
    } finally {
      asking = false;
    }
    show();
  }

  /* The server says why, and leads back here. */
  function leave() {
    ends = 0;
    show();
    location.replace(place.dataset.next);
  }

  function tick() {
    const since = performance.now() - askedAt;
    const isShown = place.dataset.shown !== "";
    if (since >= (isNear() ? (isShown ? NEAR : 1000) : EVERY)) look();
    if (isShown || left() <= 0) show();
  }

  /* --- What people see of it --------------------------------------------------------------------------------- */

  function wanted() {
    if (left() <= 0) return "over";
    if (performance.now() < thanksUntil) return "stays";
    if (!isNear()) return "";
    if (isFinal) return "final";
    return left() > 90000 ? "minutes" : left() > 30000 ? "minute" : "seconds";
  }

  /* Said once for each change of words, by whatever reads the page aloud. */
  function show() {
    const what = wanted();
    settle(what);
    if (what === place.dataset.shown) return;
    place.dataset.shown = what;
    const words = what ? place.querySelector(`[data-say="${what}"]`).content.cloneNode(true) : "";
    said.replaceChildren(words);
    for (const one of said.querySelectorAll("[data-at]")) one.textContent = clock(one.dataset.at);
    form.hidden = !["minutes", "minute", "seconds"].includes(what);
    noAnswer.hidden = true;
    dodge();
    document.documentElement.toggleAttribute("data-logged-out", what === "over");
  }

  /* An open dialog lets nobody press what is outside of it. */
  function settle(what) {
    const host = (what !== "over" && document.querySelector("dialog:modal")) || document.body;
    if (place.parentElement !== host) host.prepend(place);
  }

  /* Whoever works with keys alone sees where they are: it goes to the other side. */
  function dodge() {
    const at = document.activeElement;
    if (place.contains(at)) return;
    place.removeAttribute("data-dodges");
    const [mine, theirs] = [place.getBoundingClientRect(), at.getBoundingClientRect()];
    const beside = mine.right < theirs.left || theirs.right < mine.left || mine.bottom < theirs.top || theirs.bottom < mine.top;
    place.toggleAttribute("data-dodges", at !== document.body && !beside);
  }

  function clock(timeZone) {
    const parts = { hour: "numeric", minute: "2-digit", timeZone };
    return new Intl.DateTimeFormat(document.documentElement.lang, parts).format(new Date(ends));
  }

  /* --- The button -------------------------------------------------------------------------------------------- */

  place.addEventListener("focusin", (event) => {
    if (!place.contains(event.relatedTarget)) before = event.relatedTarget;
  });

  addEventListener("focusin", dodge);

  /* Not seen by press.js: the page's own form may be sent at the same time. */
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    event.stopPropagation();
    stay();
  });

  async function stay() {
    noAnswer.hidden = true;
    try {
      const sent = { method: "POST", body: new URLSearchParams(new FormData(form)) };
      const answer = await fetch(form.action, { ...sent, signal: AbortSignal.timeout(ANSWER_WITHIN) });
      if (answer.status === 401) return leave();
      if (answer.status === 403) await look();
      if (!answer.ok) throw new Error(String(answer.status));
      take(await answer.json());
    } catch {
      noAnswer.hidden = false;
      return;
    }
    if (!isNear()) thanksUntil = performance.now() + SAID_FOR;
    const hadFocus = form.contains(document.activeElement);
    show();
    if (hadFocus) before?.focus({ preventScroll: true });
  }

  /* A machine that slept, or a page that the browser kept: its own timers say nothing of how long that was. */
  document.addEventListener("visibilitychange", () => document.hidden || look());
  addEventListener("pageshow", (event) => event.persisted && look());
  setInterval(tick, 1000);
})();
