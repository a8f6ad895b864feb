/* The list of devices is taken anew every half minute, unless somebody is at it. */
(() => {
  "use strict";

  const EVERY = 30000;
  const list = document.querySelector("[data-devices]");

  async function renew() {
    if (document.hidden || list.contains(document.activeElement)) return;
    try {
      /* That nobody's hand asks, which alone keeps a log-in alive. */
      const itself = { cache: "no-store", headers: { "X-Part": "1" } };
      const answer = await fetch(location.href, { ...itself, signal: AbortSignal.timeout(EVERY) });
      if (answer.redirected) return location.reload();
      const page = new DOMParser().parseFromString(answer.ok ? await answer.text() : "", "text/html");
      const fresh = page.querySelector("[data-devices]");
      if (fresh && !list.contains(document.activeElement)) list.replaceChildren(...fresh.childNodes);
    } catch {
      // What is shown stays until the next one.
    }
  }

  setInterval(renew, EVERY);
})();
