/* The page with a code loads again when its code was entered, or is good no more. Without this it does so by itself. */
(() => {
  "use strict";

  const ANSWER_WITHIN = 5000;
  const page = document.querySelector("[data-wait]");
  const every = Number(page.dataset.every);

  async function look() {
    try {
      const answer = await fetch(page.dataset.wait, { cache: "no-store", signal: AbortSignal.timeout(ANSWER_WITHIN) });
      if (answer.ok && !(await answer.json()).waits) return location.reload();
    } catch {
      // Without a server, the browser's own error page would be a dead end.
    }
    setTimeout(look, every);
  }

  setTimeout(look, every);
})();
