/* The patient's phone. Who listens hears of a change of place or state, not of each minute. The wait changes with time
   alone, so the page looks once a minute. */
(() => {
  "use strict";

  const announce = document.querySelector("[data-announce]");
  const now = () => document.querySelector("[data-board] [data-state]");
  const said = () => `${now().dataset.state} ${now().dataset.place} ${now().querySelector("h1").textContent}`;
  if (!announce) return;
  let last = said();

  document.addEventListener("board", () => {
    if (said() === last) return;
    last = said();
    announce.textContent = now().querySelector("h1").textContent;
    // A browser refuses to buzz, and complains, where nobody has touched the page.
    if (now().dataset.state === "called" && navigator.userActivation?.hasBeenActive) navigator.vibrate?.([200, 100, 200]);
  });

  setInterval(() => document.dispatchEvent(new Event("look")), 60000);
})();
