/* The board of a live page: the element with data-board. Each new one comes whole, and leaves alone what a hand is at:
   the element in focus and the choices made in lists with an id. */
const board = (() => {
  "use strict";

  const place = document.querySelector("[data-board]");

  /* A press or an open list would lose its element under the hand: such a swap waits, five seconds at most. */
  let pressing = false;
  addEventListener("pointerdown", () => (pressing = true));
  for (const end of ["pointerup", "pointercancel", "pagehide"]) addEventListener(end, () => (pressing = false));
  const choosing = CSS.supports("selector(:open)") ? () => place.querySelector("select:open") : () => null;

  async function handsOff() {
    const latest = performance.now() + 5000;
    while ((pressing || choosing()) && performance.now() < latest) await new Promise((done) => setTimeout(done, 50));
  }

  /* Says so by the event "board". */
  async function put(html) {
    await handsOff();
    const focused = document.activeElement && document.activeElement.id;
    const chosen = [...place.querySelectorAll("select[id]")].map((one) => [one.id, one.value, one.dataset.touched]);
    place.innerHTML = html;
    for (const [id, value, touched] of chosen) {
      const select = touched && document.getElementById(id);
      if (select) [select.value, select.dataset.touched] = [value, "1"];
    }
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
    document.dispatchEvent(new CustomEvent("board"));
  }

  place.addEventListener("change", (event) => {
    if (event.target.matches("select")) event.target.dataset.touched = "1";
  });

  return { put };
})();
