/* The desk: a press is sent without leaving the page, so that focus, search and what is open stay; what was done is said
   in the bar, with its undo. Without script, the page's plain forms do the same. */
(() => {
  "use strict";

  const page = document.querySelector(".desk-page");
  const place = document.querySelector("[data-board]");
  const bar = page.querySelector(".desk-said");
  const $ = (id) => document.getElementById(id);

  /* --- A press ----------------------------------------------------------------------------------------------- */

  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented || !event.target.matches("[data-board] [method=post], .desk-said form")) return;
    event.preventDefault();
    send(event.target, event.submitter);
  });

  /* What was seen and chosen at the first try of each press that nothing has answered: a repeat says the same, since
     by then a live board shows more. Forgotten once the bar says something else than "Press again". */
  const unanswered = new Map();

  function first(form, said) {
    const what = `${form.action} ${said.get("verb")}`;
    if (!unanswered.has(what)) unanswered.set(what, `${said.get("seen")}:${said.get("room") || ""}`);
    return unanswered.get(what);
  }

  async function send(form, submitter) {
    try {
      const said = new URLSearchParams(new FormData(form, submitter));
      said.set("press", first(form, said));
      for (const select of form.querySelectorAll("select[data-touched]")) select.dataset.touched = "sent";
      const answer = await answerTo(form, said);
      if (answer.status >= 500) throw new Error(String(answer.status));
      /* Logged out, or the card is no longer ours to see. */
      if (!answer.ok || new URL(answer.url).pathname !== location.pathname) return location.reload();
      await take(new DOMParser().parseFromString(await answer.text(), "text/html"), form);
    } catch {
      sayOf(form, "no-answer");
    }
    press.done();
  }

  /* A server process that died with the press may have done it: each try says the same, so that it counts once. Another
     process answers at once, or this one is started again within some seconds. */
  const TRIED_FOR = 8000;
  const FIRST_PAUSE = 250;
  const LONGEST_PAUSE = 1500;
  const AWAY = [502, 503, 504];

  async function answerTo(form, said) {
    const end = performance.now() + TRIED_FOR;
    for (let most = FIRST_PAUSE; ; most = Math.min(2 * most, LONGEST_PAUSE)) {
      press.hold();
      const answer = await once(form.action, said, end - performance.now());
      /* A try that used up its time opened the lock, and the pause is no gap for a second tap. */
      press.hold();
      const pause = most * (0.5 + Math.random() / 2);
      if (answer && !AWAY.includes(answer.status)) return answer;
      if (performance.now() + pause >= end) throw new Error("no answer");
      if (most === FIRST_PAUSE) sayOf(form, "asks-again");
      await new Promise((done) => setTimeout(done, pause));
    }
  }

  /* One try; null for one without an answer. */
  async function once(where, body, left) {
    try {
      return await fetch(where, { method: "POST", body, signal: AbortSignal.timeout(Math.min(press.WAIT, left)) });
    } catch {
      return null;
    }
  }

  /* The page after the press, in place: what was done or refused, and the board, unless a newer one is here. */
  async function take(fresh, form) {
    /* Not what a hand has chosen since, for the next one: the live board may be quicker than this answer. */
    for (const select of form.querySelectorAll("[data-touched=sent]")) delete select.dataset.touched;
    form.querySelector("details[open]")?.removeAttribute("open");
    unanswered.clear();
    const version = Number(fresh.querySelector("[data-version]").dataset.version);
    const wasInBar = bar.contains(document.activeElement);
    say(...fresh.querySelector(".desk-said").childNodes);
    if (wasInBar) $("call-next").focus();
    await board.put(fresh.querySelector("[data-board]").innerHTML, version);
  }

  /* --- What is said, and its undo ---------------------------------------------------------------------------- */

  const UNDO_FOR = 10000;
  let undoTimer = setTimeout(endUndo, UNDO_FOR);

  function say(...nodes) {
    bar.replaceChildren(...nodes);
    clearTimeout(undoTimer);
    undoTimer = setTimeout(endUndo, UNDO_FOR);
    sayNear();
  }

  /* That the server is silent: in the bar and, for one visit, on its card. */
  function sayOf(form, id) {
    const said = $(id).content.cloneNode(true);
    const visit = /\/visits\/([^/]+)\//.exec(form.action);
    if (visit) said.querySelector(".said").dataset.near = visit[1];
    say(said);
  }

  /* Not under a finger or a focus that is on it. */
  function endUndo() {
    const form = bar.querySelector("[data-verb=undo]")?.form;
    if (form?.matches(":focus-within, :active")) undoTimer = setTimeout(endUndo, 1000);
    else form?.remove();
  }

  /* Who was first is said on the card too, wherever it is by now. */
  function sayNear() {
    for (const one of place.querySelectorAll(".near")) one.remove();
    for (const one of bar.querySelectorAll("[data-near]")) {
      const note = document.createElement("p");
      note.className = "near";
      note.textContent = one.querySelector("p").textContent;
      $(`card-${one.dataset.near}`)?.append(note);
    }
  }

  document.addEventListener("board", sayNear);
  sayNear();
})();
