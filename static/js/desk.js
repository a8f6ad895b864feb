/* The desk: a press is sent without leaving the page, and one press is one act; the search, the keys, the sound of an
   alarm, and how long people have waited. What it does not do, the page's plain forms do without it. */
(() => {
  "use strict";

  const page = document.querySelector(".desk-page");
  const place = document.querySelector("[data-board]");
  const $ = (id) => document.getElementById(id);
  const WAIT = 5000;
  let sentAt = -Infinity;

  /* While a form is on its way, a second tap does nothing, whatever card has moved under the finger. */
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method === "dialog" || form.id === "search") return;
    if (performance.now() - sentAt < WAIT) return event.preventDefault();
    sentAt = performance.now();
    if (!form.closest("[data-board], .desk-said")) return;
    event.preventDefault();
    send(form, event.submitter);
  });

  addEventListener("pageshow", (event) => {
    sentAt = -Infinity;
    if (event.persisted) location.reload();
  });

  if (!page) return;

  /* --- A press ----------------------------------------------------------------------------------------------- */

  const bar = page.querySelector(".desk-said");

  async function send(form, submitter) {
    try {
      const said = new URLSearchParams(new FormData(form, submitter));
      const answer = await fetch(form.action, { method: "POST", body: said, signal: AbortSignal.timeout(WAIT) });
      if (answer.status >= 500) throw new Error(String(answer.status));
      /* Logged out, or the card is no longer ours to see. */
      if (!answer.ok || new URL(answer.url).pathname !== location.pathname) return location.reload();
      await take(new DOMParser().parseFromString(await answer.text(), "text/html"), form);
    } catch {
      say($("no-answer").content.cloneNode(true));
    }
    sentAt = -Infinity;
  }

  /* The page after the press, in place: what was done or refused, and the board, unless a newer one is here. */
  async function take(fresh, form) {
    for (const select of form.querySelectorAll("select")) delete select.dataset.touched;
    form.querySelector("details[open]")?.removeAttribute("open");
    const version = Number(fresh.querySelector("[data-version]").dataset.version);
    const wasInBar = bar.contains(document.activeElement);
    say(...fresh.querySelector(".desk-said").childNodes);
    if (wasInBar) $("call-next").focus();
    await board.put(fresh.querySelector("[data-board]").innerHTML, () => version >= Number(page.dataset.version));
  }

  /* --- What is said, and its undo ---------------------------------------------------------------------------- */

  const UNDO_FOR = 10000;
  let undoTimer = 0;

  function say(...nodes) {
    bar.replaceChildren(...nodes);
    clearTimeout(undoTimer);
    undoTimer = setTimeout(endUndo, UNDO_FOR);
    sayNear();
  }

  const undoInBar = () => bar.querySelector("[data-verb=undo]");

  /* Not under a finger or a focus that is on it. */
  function endUndo() {
    const form = undoInBar()?.form;
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

  /* --- The search -------------------------------------------------------------------------------------------- */

  const STROKES = { đ: "d", ð: "d", ħ: "h", ı: "i", ł: "l", ø: "o", ŧ: "t" };
  const fold = (text) =>
    text
      .toLowerCase()
      .normalize("NFKD")
      .replace(/[^\p{L}\p{N}]/gu, "")
      .replace(/[đðħıłøŧ]/g, (letter) => STROKES[letter]);

  function filter() {
    const typed = $("find").value.split(/\s+/).map(fold).filter(Boolean);
    const cards = [...place.querySelectorAll(".card")];
    for (const card of cards) card.hidden = !typed.every((word) => card.dataset.find.includes(word));
    const [status, shown] = [place.querySelector("[data-found]"), cards.filter((card) => !card.hidden).length];
    const words = status.dataset.words.replace("%n", shown).replace("%all", cards.length);
    status.textContent = typed.length ? words : "";
    place.toggleAttribute("data-searching", typed.length > 0);
  }

  place.addEventListener("input", (event) => event.target.id === "find" && filter());
  place.addEventListener("submit", (event) => {
    if (event.target.id !== "search") return;
    event.preventDefault();
    place.querySelector(".card:not([hidden]) button")?.focus();
  });
  place.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.target.id !== "find") return;
    event.target.value = "";
    filter();
  });

  /* --- The keys ---------------------------------------------------------------------------------------------- */

  const KEPT = `desk-keys-off-${page.dataset.who}`;
  const keys = $("keys");
  const KEYS = {
    n: () => $("call-next").click(),
    u: () => undoInBar()?.click(),
    "/": () => $("find").focus(),
    "?": () => keys.showModal(),
  };

  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.closest("input, select, textarea, [contenteditable]");
    const isWithAnother = event.ctrlKey || event.altKey || event.metaKey || (event.shiftKey && /[a-z]/i.test(event.key));
    const act = KEYS[event.key.toLowerCase()];
    if (!act || isTyping || isWithAnother || event.repeat || keys.open || localStorage.getItem(KEPT)) return;
    event.preventDefault();
    act();
  });

  const onOff = keys.querySelector("[data-keys-switch]");
  const showKeys = () => onOff.setAttribute("aria-checked", String(!localStorage.getItem(KEPT)));
  onOff.addEventListener("click", () => {
    if (localStorage.getItem(KEPT)) localStorage.removeItem(KEPT);
    else localStorage.setItem(KEPT, "1");
    showKeys();
  });
  const opener = page.querySelector("[data-keys]");
  opener.addEventListener("click", () => keys.showModal());
  opener.hidden = false;
  showKeys();

  /* --- An alarm is heard until somebody goes ------------------------------------------------------------------ */

  const title = document.title.replace(/^\(!\) /, "");
  const soundOff = page.querySelector("[data-sound-off]");
  const sound = new AudioContext();
  const [EVERY, LOUD] = [3, 0.25];
  const TONES = [
    [0, 0.3, 880],
    [0.3, 0.7, 660],
  ];
  let ringing = null;

  /* Two tones and a pause, which the browser itself repeats: no timer that a page in the background would lose. */
  function twoTones() {
    const buffer = sound.createBuffer(1, EVERY * sound.sampleRate, sound.sampleRate);
    const samples = buffer.getChannelData(0);
    for (const [from, to, pitch] of TONES) {
      for (let n = Math.floor(from * sound.sampleRate); n < to * sound.sampleRate; n += 1) {
        const [since, left] = [n / sound.sampleRate - from, to - n / sound.sampleRate];
        samples[n] = LOUD * Math.min(1, since * 50, left * 20) * Math.sin(2 * Math.PI * pitch * since);
      }
    }
    return Object.assign(sound.createBufferSource(), { buffer, loop: true });
  }

  function ring() {
    const isAlarm = place.querySelector(".alarm") !== null;
    document.title = (isAlarm ? "(!) " : "") + title;
    if (isAlarm && !ringing) {
      ringing = twoTones();
      ringing.connect(sound.destination);
      ringing.start();
    } else if (!isAlarm && ringing) {
      ringing.stop();
      ringing = null;
    }
    const isHeard = sound.state === "running";
    soundOff.hidden = isHeard;
    page.dataset.sound = isHeard ? (ringing ? "ringing" : "ready") : "off";
  }

  /* Browsers are silent until somebody has touched the page: any touch will do. */
  for (const touch of ["pointerdown", "keydown"]) addEventListener(touch, () => sound.resume());
  sound.addEventListener("statechange", ring);

  /* --- What time changes ------------------------------------------------------------------------------------- */

  const ahead = Number(page.dataset.now) - performance.now();

  function sayWaits() {
    for (const one of place.querySelectorAll("[data-wait]")) {
      const minutes = Number(one.querySelector("[data-since]").textContent);
      const level = minutes >= 60 ? "very-long" : minutes >= 30 ? "long" : "";
      if (one.dataset.wait !== level) one.dataset.wait = level;
    }
    const now = ahead + performance.now();
    for (const one of place.querySelectorAll("[data-until]")) one.hidden = Number(one.dataset.until) <= now;
    const ready = (card) => !card.querySelector("[data-until]:not([hidden])");
    const [next, label] = [[...place.querySelectorAll("#waiting .card")].find(ready), $("call-next").querySelector(".ticket")];
    if (next && label) label.textContent = next.dataset.ticket;
  }

  document.addEventListener("board", () => {
    filter();
    sayNear();
    ring();
    sayWaits();
  });
  setInterval(sayWaits, 1000);
  undoTimer = setTimeout(endUndo, UNDO_FOR);
  filter();
  sayNear();
  ring();
  sayWaits();
})();
