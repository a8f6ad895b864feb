/* A kiosk or wait-room screen says every half minute how it is doing, for the desk and for ops. Nothing of a patient.
   Of the page: data-build on the root, data-sound on it where there is sound, data-live and [data-age-seconds] where
   the page is live. Where it has [data-edition], and the server would make another one now, it gets "outdated". */
(() => {
  "use strict";

  const EVERY = 30000;
  const FIRST = 4000;
  const ANSWER_WITHIN = 5000;
  const root = document.documentElement.dataset;
  const edition = document.querySelector("[data-edition]")?.dataset.edition;
  const kind = document.querySelector("[data-kiosk]") ? "kiosk" : "monitor";
  const about = (ms) => ms * (0.8 + 0.4 * Math.random());

  function said() {
    const live = document.querySelector("[data-live]");
    const age = document.querySelector("[data-age-seconds]");
    return new URLSearchParams({
      kind,
      build: root.build,
      sound: root.sound || "",
      path: live ? live.dataset.live : "",
      data_age: age ? age.textContent : "",
      up_seconds: String(Math.floor(performance.now() / 1000)),
    });
  }

  async function beat() {
    try {
      const signal = AbortSignal.timeout(ANSWER_WITHIN);
      const answer = await fetch("/devices/report/", { method: "POST", body: said(), signal });
      // Locked out: the first page is the one with a code now.
      if (answer.status === 403) return location.replace(`/${kind}/`);
      if (edition && answer.ok && (await answer.json()).edition !== edition) dispatchEvent(new Event("outdated"));
    } catch {
      // The next one tells as much.
    }
    setTimeout(beat, about(EVERY));
  }

  setTimeout(beat, about(FIRST));
})();
