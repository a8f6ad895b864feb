/* The kiosk works without this. With it, it forgets: after the ticket, after a warning when nobody answers it, and
   when somebody comes back to a page by the browser's own means. And it lets go of no answer while the server is away.
   The page: one [data-kiosk] with data-start and data-wipe (addresses), data-volume (0 to 100), and either data-idle
   (seconds until the warning; data-untouched: only once somebody has touched the page) or data-clear (seconds until it
   just clears). We add data-server: here or away. */
(() => {
  "use strict";

  const page = document.querySelector("[data-kiosk]");
  const dialog = document.querySelector("[data-idle-dialog]");
  const seconds = document.querySelector("[data-idle-seconds]");
  const away = document.querySelector("[data-away]").content.firstElementChild;
  const token = document.querySelector("[name=csrfmiddlewaretoken]");

  const WARNING = 30;
  const AGAIN = 400;
  const ANSWER_WITHIN = 5000;
  const KEPT = 60000;
  const LOOK_AGAIN = 2000;

  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    document.body.replaceChildren();
    location.reload();
  });

  document.querySelector("[data-problem]")?.focus();

  /* --- One tap is one tap ------------------------------------------------------------------------------------ */

  let sent = -Infinity;
  let sending = null;
  let goes = false;
  addEventListener("submit", (event) => {
    if (goes) return;
    const form = event.target;
    const isSecond = form === sending || performance.now() - sent < AGAIN;
    const forgets = form.getAttribute("action") === page.dataset.wipe;
    if (isSecond || !forgets || !isUp()) event.preventDefault();
    if (isSecond) return;
    sent = performance.now();
    sending = form;
    if (!forgets) send(form, event.submitter);
    else if (!isUp()) wipe();
  });

  /* What was pressed last goes: help, or to start over, waits for nothing that is still on its way. */
  async function send(form, button) {
    if (isUp()) await look();
    if (form === sending && !isUp()) await serverIsBack();
    if (form !== sending) return;
    goes = true;
    form.requestSubmit(button);
    goes = false;
    sending = null;
  }

  // The second tap of a double tap lands on the next page, whose button is in the same place. A page's clock starts
  // with the tap that led to it.
  function refuse(event) {
    if (event.pointerType !== "touch" || performance.now() > AGAIN) return;
    event.preventDefault();
    event.stopPropagation();
  }
  addEventListener("click", refuse, true);

  /* --- Is the server there? ---------------------------------------------------------------------------------- */

  // What is sent to a server that is away is lost with its page. So a page asks first, and sends once the server is
  // there; what was taken without our hearing of it may be sent again.
  const isUp = () => page.dataset.server !== "away" && navigator.onLine;

  async function look() {
    page.dataset.server = (await isThere()) ? "here" : "away";
  }

  async function keepLooking() {
    await look();
    setTimeout(keepLooking, LOOK_AGAIN);
  }
  setTimeout(keepLooking, LOOK_AGAIN);

  async function serverIsBack() {
    clearTimeout(timer);
    document.body.append(away);
    away.showModal();
    const latest = performance.now() + KEPT;
    do {
      if (performance.now() > latest) giveUp();
      await pause(LOOK_AGAIN);
    } while (gone || !isUp());
    away.close();
    away.remove();
    restart();
  }

  async function isThere() {
    try {
      const answer = await fetch("/serves/", { cache: "no-store", signal: AbortSignal.timeout(ANSWER_WITHIN) });
      return answer.status === 204;
    } catch {
      return false;
    }
  }

  // Whoever was here went to the desk. The first page, or the one that stands in for it, has none of their answers.
  let gone = false;
  function giveUp() {
    if (gone) return;
    gone = true;
    if (standsIn()) location.replace(page.dataset.start);
    else wipe();
  }

  // Without a server the worker's page sends people to the desk, and leads to the first page, which forgets, later.
  const standsIn = () => Boolean(navigator.serviceWorker?.controller);

  const pause = (ms) => new Promise((done) => setTimeout(done, ms));
  away.addEventListener("cancel", (event) => event.preventDefault());
  away.querySelector("button").addEventListener("click", giveUp);

  /* --- Forgetting -------------------------------------------------------------------------------------------- */

  // The answers leave the screen at once, whatever the network does. The page is replaced, so that "back" finds
  // nothing; where no worker stands in for it, it stays blank until the server has forgotten the answers too.
  async function wipe() {
    const body = new URLSearchParams({ csrfmiddlewaretoken: token ? token.value : "" });
    clearTimeout(timer);
    document.title = "";
    document.body.replaceChildren();
    for (;;) {
      try {
        const signal = AbortSignal.timeout(ANSWER_WITHIN);
        const answer = await fetch(page.dataset.wipe, { method: "POST", body, redirect: "manual", signal });
        if (answer.status < 500) return location.replace(page.dataset.start);
      } catch {
        // No network, or the server restarts.
      }
      if (standsIn()) return location.replace(page.dataset.start);
      await pause(3000);
    }
  }

  /* --- Is anybody there? ------------------------------------------------------------------------------------- */

  const idle = Number(page.dataset.idle || 0) * 1000;
  const clear = Number(page.dataset.clear || 0) * 1000;
  let timer = 0;
  let ends = 0;

  function restart() {
    clearTimeout(timer);
    timer = clear ? setTimeout(wipe, clear) : setTimeout(warn, idle);
  }

  let isTouched = !("untouched" in page.dataset);
  function touched() {
    isTouched = true;
    if (!dialog.open && !away.open) restart();
  }

  function warn() {
    ends = performance.now() + WARNING * 1000;
    dialog.showModal();
    tone();
    count();
  }

  function count() {
    const left = Math.ceil((ends - performance.now()) / 1000);
    seconds.textContent = String(Math.max(left, 0));
    if (left <= 0) wipe();
    else timer = setTimeout(count, 250);
  }

  // For those who do not see the warning. A browser that allows no sound yet stays silent. As loud as an ear takes it:
  // half the number is not half the power.
  function tone() {
    const loudness = Number(page.dataset.volume) / 100;
    if (loudness === 0) return;
    const audio = new AudioContext();
    if (audio.state !== "running") return;
    const volume = new GainNode(audio, { gain: 0.33 * loudness * loudness });
    volume.connect(audio.destination);
    [523, 659].forEach((frequency, place) => {
      const voice = new OscillatorNode(audio, { frequency });
      voice.connect(volume);
      voice.start(audio.currentTime + place * 0.3);
      voice.stop(audio.currentTime + place * 0.3 + 0.25);
    });
  }

  // The set-up, the doors or the build are others by now: heartbeat.js says so. Whoever is at the page keeps it.
  async function renew() {
    if (!isTouched && (await isThere()) && !isTouched) location.replace(page.dataset.start);
  }
  addEventListener("outdated", renew);

  dialog.addEventListener("click", () => dialog.close());
  dialog.addEventListener("keydown", () => dialog.close());
  dialog.addEventListener("close", restart);
  for (const sign of ["pointerdown", "keydown", "input", "scroll"]) addEventListener(sign, touched, { passive: true });
  if (!("untouched" in page.dataset)) restart();
})();
