/* Keeps a live page right. Whatever rings first - our own socket, the vendor's stream or the floor - only says
   "version N"; the page then fetches its board from us, once, and drops every version that it already has.
   The page: one element with data-topic, data-version, data-live, data-board-url, data-poll (ms) and data-now (epoch
   ms); in it the board, which board.js puts in. With data-rests it is quiet while nobody looks at it, with data-own-only
   it never listens to the vendor; with data-stays it never loads itself anew, since something may be half typed: where
   others would, it grows stale, and says so. The event "look" on the document makes it look once. */
const live = (() => {
  "use strict";

  const page = document.querySelector("[data-topic]");
  if (!page) return null;
  const topic = page.dataset.topic;
  const pollEvery = Number(page.dataset.poll);

  const STALE_AFTER = Math.max(15000, 2.5 * pollEvery);
  const SOCKET_SILENT = 12000;
  const ANSWER_WITHIN = 4000;

  let shown = Number(page.dataset.version);
  let wanted = shown;
  let etag = "";
  let fetching = false;
  let hint = false;
  let endWait = () => {};
  let confirmedAt = performance.now();
  let serverAhead = Number(page.dataset.now) - confirmedAt;
  let ownUp = false;
  let vendorUp = false;
  let vendorAllowed = false;

  const wait = (ms) =>
    new Promise((done) => {
      endWait = done;
      setTimeout(done, ms);
    });
  const jitter = (ms) => Math.random() * ms;
  const about = (ms) => ms * (0.8 + 0.4 * Math.random());
  const backOff = (failures, longest) => 100 + jitter(Math.min(longest, 500 * 2 ** failures));

  const stays = "stays" in page.dataset;
  const rests = () => "rests" in page.dataset && document.hidden;

  async function ask(url, headers = {}) {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), ANSWER_WITHIN);
    try {
      return await fetch(url, { headers, cache: "no-store", credentials: "same-origin", signal: stop.signal });
    } finally {
      clearTimeout(timer);
    }
  }

  /* --- What we know ------------------------------------------------------------------------------------------ */

  /* From us: the page has to reach this version. */
  function heard(version) {
    if (version > wanted) wanted = version;
    if (wanted > shown) refresh();
  }

  /* From the vendor: worth one look. What it says may be wrong, so nothing else hangs on it. */
  function hinted(version) {
    if (version > shown) lookOnce();
  }

  function lookOnce() {
    hint = true;
    if (!fetching) refresh();
  }

  function told(state) {
    serverAhead = state.now - performance.now();
    allowVendor(state.vendor && !("ownOnly" in page.dataset));
    heard(state.version);
    confirm(wanted, performance.now());
    show();
  }

  /* What is shown was current at that time, if it is all that was then wanted: to hear of more does not make it so. */
  function confirm(wantedThen, at) {
    if (shown >= wantedThen) confirmedAt = Math.max(confirmedAt, at);
  }

  async function refresh() {
    if (fetching) return endWait();
    fetching = true;
    let failures = 0;
    while (wanted > shown || hint) {
      const before = wanted > shown ? 0 : shown;
      const [wantedThen, askedAt] = [wanted, performance.now()];
      hint = false;
      try {
        const answer = await ask(page.dataset.boardUrl, etag ? { "If-None-Match": etag } : {});
        const isRefused = answer.status === 403 || answer.status === 404 || answer.redirected;
        if (isRefused && !stays) return location.reload();
        if (isOfAnotherBuild(answer) && !stays && makesWay()) return location.reload();
        if (isRefused || (answer.status !== 304 && !answer.ok)) throw new Error(String(answer.status));
        if (answer.status === 200) {
          await board.put(await answer.text(), Number(answer.headers.get("X-Version")));
        }
        etag = answer.headers.get("ETag") || "";
        shown = Number(answer.headers.get("X-Version"));
        page.dataset.version = String(shown);
        confirm(wantedThen, askedAt);
        // The new board's times, and at once that it is not old any more.
        tick();
        if (wanted > shown) throw new Error("older than what rang");
        // A hint that led to nothing: the next one may wait. What we ourselves say ends the wait.
        if (shown === before) await wait(1000);
      } catch {
        failures += 1;
        await wait(backOff(failures, 5000));
      }
    }
    fetching = false;
  }

  /* Old script and new fragments do not go together. Not twice in a minute: during a release both builds answer. */
  function isOfAnotherBuild(answer) {
    return answer.headers.get("X-Build") !== document.documentElement.dataset.build && performance.now() > 60000;
  }

  /* A page that has a better moment for it takes it over, and shows its boards until then. */
  const makesWay = () => document.dispatchEvent(new CustomEvent("outdated", { cancelable: true }));

  /* --- Our own socket, always -------------------------------------------------------------------------------- */

  let socketFailures = 0;
  let socketTimer = 0;
  let hangUp = () => {};

  function openSocket() {
    clearTimeout(socketTimer);
    if (rests()) return;
    const socket = new WebSocket(location.origin.replace(/^http/, "ws") + `/ws/${topic}/`);
    let watchdog = setTimeout(lost, SOCKET_SILENT);
    socket.onclose = lost;
    hangUp = lost;
    socket.onmessage = (event) => {
      clearTimeout(watchdog);
      watchdog = setTimeout(lost, SOCKET_SILENT);
      socketFailures = 0;
      ownUp = true;
      told(JSON.parse(event.data));
    };

    /* Once for each socket. A silent one is not waited for: a browser gives the other side a minute to close. */
    function lost() {
      clearTimeout(watchdog);
      socket.onmessage = socket.onclose = null;
      socket.close();
      if (ownUp) floorSoon(0);
      ownUp = false;
      show();
      socketFailures += 1;
      // Refused again and again: our board says whether this page still has the right to be here.
      if (socketFailures === 3) lookOnce();
      socketTimer = setTimeout(openSocket, backOff(socketFailures, 10000));
    }
  }

  /* --- The floor: we ask, while our own socket is down -------------------------------------------------------- */

  let unanswered = 0;
  let floorTimer = 0;

  function floorSoon(wait) {
    clearTimeout(floorTimer);
    floorTimer = setTimeout(floor, wait);
  }

  async function floor() {
    if (!ownUp && !rests()) {
      try {
        const answer = await ask(`/live/${topic}/`);
        if (!answer.ok) throw new Error(String(answer.status));
        unanswered = 0;
        told(await answer.json());
      } catch {
        unanswered += 1;
        if (unanswered >= 2) allowVendor(false);
        show();
      }
    }
    floorSoon(about(pollEvery));
  }

  /* --- The vendor's stream, only while we are told that it is allowed ----------------------------------------- */

  let stream = null;
  let opening = 0;
  let streamFailures = 0;
  let streamTimer = 0;

  function allowVendor(allowed) {
    if (allowed === vendorAllowed) return;
    vendorAllowed = allowed;
    streamFailures = 0;
    if (allowed) streamSoon(jitter(300));
    else closeStream();
  }

  function streamSoon(wait) {
    clearTimeout(streamTimer);
    streamTimer = setTimeout(openStream, wait);
  }

  function closeStream() {
    clearTimeout(streamTimer);
    opening += 1;
    if (stream) stream.close();
    stream = null;
    vendorUp = false;
    show();
  }

  function streamFailed() {
    closeStream();
    streamFailures += 1;
    if (vendorAllowed) streamSoon(backOff(streamFailures, 60000));
  }

  async function openStream() {
    closeStream();
    const mine = opening;
    try {
      const answer = await ask(`/live/${topic}/vendor/`);
      if (!answer.ok) throw new Error(String(answer.status));
      const { url, seconds } = await answer.json();
      if (mine !== opening || !vendorAllowed) return;
      listen(new EventSource(url));
      // A token lives for `seconds`; a stream that outlives it would be cut without a word.
      streamSoon(seconds * 1000 * 0.8);
    } catch {
      if (mine === opening) streamFailed();
    }
  }

  function listen(source) {
    stream = source;
    source.onopen = () => {
      vendorUp = true;
      streamFailures = 0;
      show();
    };
    source.onmessage = (event) => {
      const version = versionIn(event.data);
      if (Number.isSafeInteger(version)) hinted(version);
    };
    source.onerror = () => {
      if (stream === source) streamFailed();
    };
  }

  /* NaN where there is none: what comes through the vendor may be cut short, or anything. */
  function versionIn(message) {
    try {
      return Number(JSON.parse(message).data);
    } catch {
      return NaN;
    }
  }

  /* --- What people see of it --------------------------------------------------------------------------------- */

  function path() {
    if (performance.now() - confirmedAt > STALE_AFTER) return "stale";
    if (ownUp) return vendorUp ? "both" : "own";
    return vendorUp ? "vendor" : "poll";
  }

  function show() {
    const now = path();
    if (page.dataset.live !== now) page.dataset.live = now;
  }

  /* Times are the server's: a wall clock on a TV is often wrong. */
  const now = () => serverAhead + performance.now();

  function tick() {
    show();
    const age = performance.now() - confirmedAt;
    for (const one of page.querySelectorAll("[data-age-seconds]")) one.textContent = String(Math.floor(age / 1000));
    const asOf = serverAhead + confirmedAt;
    for (const one of page.querySelectorAll("[data-as-of]")) one.textContent = clock(asOf, one.dataset.asOf, AS_OF);
    for (const one of page.querySelectorAll("[data-clock]")) one.textContent = clock(now(), one.dataset.clock, CLOCK);
    for (const one of page.querySelectorAll("[data-since]")) {
      one.textContent = String(Math.max(0, Math.floor((now() - Number(one.dataset.since)) / 60000)));
    }
    page.dataset.old = age > 300000 ? "hide" : age > 60000 ? "banner" : "";
  }

  const AS_OF = { hour: "2-digit", minute: "2-digit", second: "2-digit" };
  const CLOCK = { hour: "numeric", minute: "2-digit" };

  function clock(ms, timeZone, parts) {
    return new Intl.DateTimeFormat(document.documentElement.lang, { ...parts, timeZone }).format(new Date(ms));
  }

  document.addEventListener("look", () => rests() || lookOnce());
  document.addEventListener("visibilitychange", () => {
    if (rests()) return hangUp();
    if (!("rests" in page.dataset)) return;
    socketFailures = 0;
    openSocket();
    lookOnce();
  });
  openSocket();
  floorSoon(about(pollEvery));
  setInterval(tick, 1000);
  tick();

  return { now };
})();
