/* Keeps a page of the engine fresh: asks for its live part every few seconds, and changes in place only what differs.
   So focus, scroll, an open form and what is typed in it stay as they are. It rests while the page is hidden, or while
   somebody marks text or presses, and says how old the page is when the server does not answer. */
(() => {
  "use strict";

  const place = document.querySelector("[data-board]");
  const foot = document.querySelector("[data-age]");
  if (!place || !foot) return;

  const EVERY = Number(place.dataset.every) || 4000;
  const SOURCE = place.dataset.source || location.href;
  const ANSWER_WITHIN = 8000;
  const OLD_AFTER = Number(place.dataset.oldAfter) || 15000;
  /* What was refused is shown under the address of its form: what is fresh lies under the page's own. */
  if (place.dataset.address) history.replaceState(null, "", place.dataset.address);
  let etag = place.dataset.etag;
  let pressing = false;
  let freshAt = performance.now();
  let freshTime = serverClock.now();
  let seenAt = freshAt;

  addEventListener("pointerdown", () => (pressing = true));
  for (const end of ["pointerup", "pointercancel", "blur"]) addEventListener(end, () => (pressing = false));

  /* What it kept from changing while it was open is drawn again. */
  place.addEventListener("close", () => (etag = ""), true);

  /* --- In place ---------------------------------------------------------------------------------------------- */

  const isSame = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && (a.id || "") === (b.id || "");

  /* What is open, chosen or typed belongs to the person; a form in use is left alone as a whole. */
  const isKept = (node) => node.nodeType === 1 && ((node.matches("[data-keep]") && inUse(node)) || isOpenDialog(node));
  const isOpenDialog = (node) => node.matches("dialog[open], dialog:target");
  const inUse = (form) =>
    form.contains(document.activeElement) || [...form.elements].some((field) => field.type === "text" && field.value);

  /* Somebody is at work in it: moved, it would lose the focus, and removed, what was typed. */
  const isHeld = (node) =>
    node.nodeType === 1 && (node.contains(document.activeElement) || [...node.querySelectorAll("[data-keep]")].some(inUse));

  function morph(old, fresh) {
    if (old.nodeType !== 1) {
      if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
      return;
    }
    if (isKept(old)) return mark(old, fresh);
    for (const { name } of [...old.attributes]) {
      if (!fresh.hasAttribute(name) && name !== "open") old.removeAttribute(name);
    }
    for (const { name, value } of fresh.attributes) {
      if (name !== "open" && old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    children(old, fresh);
  }

  /* A form for what can no longer be done says so, and is not replaced under the hands of who fills it in. */
  function mark(form, fresh) {
    const does = (one) => one.querySelector("[data-verb]")?.value;
    const note = form.querySelector("[data-stale]");
    if (note) note.hidden = does(form) === does(fresh);
  }

  function children(old, fresh) {
    const kept = new Map([...old.children].filter((one) => one.id).map((one) => [one.id, one]));
    let at = old.firstChild;
    for (const wanted of [...fresh.childNodes]) {
      const known = wanted.id ? kept.get(wanted.id) : at && !at.id && isSame(at, wanted) ? at : null;
      if (known && isSame(known, wanted)) {
        if (known === at) at = at.nextSibling;
        else if (!isHeld(known)) old.insertBefore(known, at);
        morph(known, wanted);
      } else {
        old.insertBefore(wanted, at);
      }
    }
    while (at) {
      const next = at.nextSibling;
      if (!isHeld(at)) at.remove();
      at = next;
    }
  }

  /* --- Asking ------------------------------------------------------------------------------------------------ */

  function isMarking() {
    const marked = getSelection();
    return !marked.isCollapsed && place.contains(marked.anchorNode);
  }

  /* The right to be here has ended, or a new build has other parts: but not under somebody's hands. */
  function isOver(answer) {
    const isTyped = [...document.querySelectorAll("input[name]")].some((one) => one.value !== one.defaultValue);
    const isOpen = document.querySelector("details[open], dialog[open]");
    if (isTyped || isOpen || document.activeElement.matches("input, select, textarea")) return false;
    if (answer.type === "opaqueredirect" || answer.status === 404) return true;
    const build = answer.headers.get("X-Build");
    if (!build || build === document.documentElement.dataset.build || sessionStorage.build === build) return false;
    /* Once a build: servers of two builds may answer in turn. */
    sessionStorage.build = build;
    return true;
  }

  async function ask() {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), ANSWER_WITHIN);
    try {
      /* X-Part: nobody has done anything; it is no sign that somebody is here. */
      const headers = { "X-Part": "1", "If-None-Match": etag };
      const answer = await fetch(SOURCE, { headers, cache: "no-store", redirect: "manual", signal: stop.signal });
      if (isOver(answer)) return location.reload();
      /* 503: the database is away, and the part says so. */
      if (answer.status === 200 || (answer.status === 503 && answer.headers.has("X-Build"))) {
        const text = await answer.text();
        freshAt = performance.now();
        if (pressing || isMarking()) return;
        const box = document.createElement("template");
        box.innerHTML = text;
        children(place, box.content);
        document.title = place.querySelector("[data-title]")?.dataset.title || document.title;
      } else if (answer.status !== 304) {
        return;
      }
      etag = answer.headers.get("ETag") || "";
      fresh();
      sayAge();
    } catch {
      /* The age says it. */
    } finally {
      clearTimeout(timer);
    }
  }

  function fresh() {
    freshAt = performance.now();
    freshTime = serverClock.now();
    sayTime();
  }

  /* A page that was left open over midnight says the day too. */
  function sayTime() {
    const day = (time) => new Date(time).toUTCString().slice(5, 11).replace(/^0/, "");
    const isToday = day(freshTime) === day(serverClock.now());
    const said = `${isToday ? "" : `${day(freshTime)} `}${new Date(freshTime).toISOString().slice(11, 19)}`;
    for (const one of document.querySelectorAll("[data-as-of]")) if (one.textContent !== said) one.textContent = said;
  }

  function sayAge() {
    if (document.hidden) return;
    const isOld = performance.now() - Math.max(freshAt, seenAt) > OLD_AFTER;
    if (isOld) sayTime();
    if (isOld && foot.dataset.age !== "old") {
      /* Also where the next answer is the one that this page has, it is drawn again, with its title. */
      etag = "";
      document.title = document.querySelector("[data-old]").textContent;
    }
    foot.dataset.age = isOld ? "old" : "fresh";
    place.toggleAttribute("data-lost", isOld);
    for (const one of document.querySelectorAll("[data-old]")) one.hidden = !isOld;
  }

  async function run() {
    if (!document.hidden) await ask();
    setTimeout(run, EVERY);
  }

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    seenAt = performance.now();
    ask();
  });
  setInterval(sayAge, 500);
  setTimeout(run, EVERY);
})();
