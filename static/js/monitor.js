/* A ticket that is newly called rises into its place. The board comes whole, so we remember who was called. */
(() => {
  "use strict";

  const calls = () => [...document.querySelectorAll('[data-state="called"]')];
  const name = (row) => `${row.dataset.ticket} ${row.dataset.calls}`;
  let known = new Set(calls().map(name));

  document.addEventListener("board", () => {
    const now = calls();
    for (const row of now) row.classList.toggle("is-new", !known.has(name(row)));
    known = new Set(now.map(name));
  });
})();
