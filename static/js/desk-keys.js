/* The desk's keys: one letter each, never while somebody types, never with a modifier, and off for whoever wants. */
(() => {
  "use strict";

  const page = document.querySelector(".desk-page");
  const $ = (id) => document.getElementById(id);
  const KEPT = `desk-keys-off-${page.dataset.who}`;
  const keys = $("keys");
  const KEYS = {
    n: () => $("call-next").click(),
    u: () => document.querySelector(".desk-said [data-verb=undo]")?.click(),
    "/": () => $("find").focus(),
    "?": () => keys.showModal(),
  };

  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.closest("input, select, textarea, [contenteditable]");
    /* "?" and "/" need Shift on some keyboards. */
    const isShifted = event.shiftKey && /[a-z]/i.test(event.key);
    const isWithAnother = event.ctrlKey || event.altKey || event.metaKey || isShifted;
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
})();
