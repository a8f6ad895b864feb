/* One press is one act: while a form is on its way, a second tap does nothing, whatever card has moved under the finger.
   The page that comes back is scrolled to where the clerk was. */
(() => {
  "use strict";

  const PLACE = "desk-scroll";
  const WAIT = 5000;
  let sentAt = -Infinity;

  document.addEventListener("submit", (event) => {
    if (performance.now() - sentAt < WAIT) return event.preventDefault();
    sentAt = performance.now();
    if (location.pathname === "/desk/") sessionStorage.setItem(PLACE, String(scrollY));
  });

  addEventListener("pageshow", (event) => {
    sentAt = -Infinity;
    if (event.persisted) location.reload();
  });

  scrollTo(0, Number(sessionStorage.getItem(PLACE)));
  sessionStorage.removeItem(PLACE);
})();
