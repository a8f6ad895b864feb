/* The page that stands in while the server is away: it asks for the server, ever less often, and makes way for the
   real page only once the server answers. The page: one [data-home] (address); data-keep (seconds): away for longer
   than that, it goes home, and does not take up the page that was asked for. */
(() => {
  "use strict";

  const page = document.querySelector("[data-home]");
  const home = page.dataset.home;
  const keep = Number(page.dataset.keep || 0) * 1000;
  const FIRST = 2000;
  const LONGEST = 15000;
  const ANSWER_WITHIN = 5000;

  /* By itself, opened under its own address, it leads home too. */
  function leave() {
    const here = location.pathname.endsWith("/offline/") || performance.now() > keep ? home : location.href;
    location.replace(here);
  }

  async function ask(wait) {
    try {
      const answer = await fetch("/serves/", { cache: "no-store", signal: AbortSignal.timeout(ANSWER_WITHIN) });
      if (answer.status === 204) return leave();
    } catch {
      // Still away.
    }
    askIn(Math.min(wait * 1.5, LONGEST));
  }

  const askIn = (wait) => setTimeout(ask, wait * (0.8 + 0.4 * Math.random()), wait);
  askIn(FIRST);
})();
