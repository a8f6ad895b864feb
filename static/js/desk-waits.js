/* What time alone changes: how long a wait is, and who has as much time as they asked for. */
(() => {
  "use strict";

  const place = document.querySelector("[data-board]");
  const [LONG, VERY_LONG] = [30, 60];

  function sayWaits() {
    for (const one of place.querySelectorAll("[data-wait]")) {
      const minutes = Number(one.querySelector("[data-since]").textContent);
      const level = minutes >= VERY_LONG ? "very-long" : minutes >= LONG ? "long" : "";
      if (one.dataset.wait !== level) one.dataset.wait = level;
    }
  }

  /* "Call next" passes over who asked for more time, and names whom it calls. */
  function sayNext() {
    for (const one of place.querySelectorAll("[data-until]")) one.hidden = Number(one.dataset.until) <= live.now();
    const isReady = (card) => !card.querySelector("[data-until]:not([hidden])");
    const next = [...place.querySelectorAll("#waiting .card")].find(isReady);
    const label = place.querySelector("#call-next .ticket");
    if (next && label) label.textContent = next.dataset.ticket;
  }

  const tick = () => {
    sayWaits();
    sayNext();
  };
  document.addEventListener("board", tick);
  setInterval(tick, 1000);
  tick();
})();
