/* The server's time, on pages of staff: the page says what it was as it was made (data-now, ms). A browser's own clock
   may be wrong by hours. Whoever hears the server again sets it anew. */
const serverClock = (() => {
  "use strict";

  const made = document.querySelector("[data-now]");
  let ahead = (made ? Number(made.dataset.now) : Date.now()) - performance.now();

  return {
    now: () => ahead + performance.now(),
    hear: (now) => (ahead = now - performance.now()),
  };
})();
