/* One press is one act: while a form is on its way, a second tap does nothing, whatever has moved under the finger. */
const press = (() => {
  "use strict";

  const WAIT = 5000;
  let sentAt = -Infinity;
  const done = () => (sentAt = -Infinity);
  /* It is sent once more by the page itself, and is still on its way. */
  const hold = () => (sentAt = performance.now());

  document.addEventListener("submit", (event) => {
    if (event.target.method !== "post" || event.defaultPrevented) return;
    if (performance.now() - sentAt < WAIT) event.preventDefault();
    else hold();
  });

  addEventListener("pageshow", (event) => {
    done();
    if (event.persisted) location.reload();
  });

  return { WAIT, hold, done };
})();
