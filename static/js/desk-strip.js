/* "I am going" on a page with a form: it is sent without leaving, so that what is half typed stays. */
(() => {
  "use strict";

  const strip = document.querySelector(".strip");
  const noAnswer = strip.querySelector("[data-no-answer]");
  const WAIT = 5000;

  /* Not seen by press.js: the page's own form may be sent at the same time. */
  strip.addEventListener("submit", (event) => {
    event.preventDefault();
    event.stopPropagation();
    go(event.target);
  });

  /* Where it leads is not followed: what the desk has to say waits there. */
  async function go(form) {
    noAnswer.hidden = true;
    try {
      const sent = { method: "POST", body: new URLSearchParams(new FormData(form)), redirect: "manual" };
      const answer = await fetch(form.action, { ...sent, signal: AbortSignal.timeout(WAIT) });
      if (answer.type !== "opaqueredirect") throw new Error(String(answer.status));
      document.dispatchEvent(new CustomEvent("look"));
    } catch {
      noAnswer.hidden = false;
    }
  }
})();
