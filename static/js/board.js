/* The board of a live page: the element with data-board. Each new one comes whole. With data-board="in-place" only what
   differs is changed, so that focus, what is open, chosen, typed or marked, and the place on the page stay. */
const board = (() => {
  "use strict";

  const place = document.querySelector("[data-board]");

  /* A press or an open list would lose its element under the hand: such a swap waits, five seconds at most. */
  let pressing = false;
  addEventListener("pointerdown", () => (pressing = true));
  for (const end of ["pointerup", "pointercancel", "pagehide"]) addEventListener(end, () => (pressing = false));
  const choosing = CSS.supports("selector(:open)") ? () => place.querySelector("select:open") : () => null;

  async function handsOff() {
    const latest = performance.now() + 5000;
    while ((pressing || choosing()) && performance.now() < latest) await new Promise((done) => setTimeout(done, 50));
  }

  let shown = Number(document.querySelector("[data-topic]").dataset.version);

  /* Says so by the event "board". An older one than is shown by the time that hands are off is dropped: whoever fetched
     it, another may have put a newer one meanwhile. */
  async function put(html, version) {
    await handsOff();
    if (version < shown) return;
    shown = version;
    if (place.dataset.board === "in-place") putInPlace(html);
    else place.innerHTML = html;
    document.dispatchEvent(new CustomEvent("board"));
  }

  function putInPlace(html) {
    const box = document.createElement("template");
    box.innerHTML = html;
    const [focused, card] = [document.activeElement, document.activeElement.closest("[data-board] form")];
    children(place, box.content);
    if (document.activeElement !== focused) refocus(focused, card);
  }

  /* A card that went to another column is a new element: its same button, or its first, stands for the one pressed. */
  function refocus(focused, card) {
    const again = card && document.getElementById(card.id);
    const same = [...(again?.querySelectorAll("[data-verb]") || [])].find((one) => one.value === focused.value);
    const own = focused.id && document.getElementById(focused.id);
    const target = own || (same?.checkVisibility() ? same : again?.querySelector("button"));
    target?.focus({ preventScroll: true });
  }

  /* --- In place ---------------------------------------------------------------------------------------------- */

  const OWN = ["open", "hidden"];
  const isSame = (a, b) => a.nodeName === b.nodeName && keyOf(a) === keyOf(b);

  /* What makes a node the same one among its siblings; "" for those that only their place tells apart. */
  function keyOf(node) {
    if (node.nodeType !== 1) return "";
    return node.id || node.dataset.key || node.dataset.verb || node.getAttribute("name") || "";
  }

  function morph(old, fresh) {
    if (old.nodeType !== 1) {
      if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
      return;
    }
    if (old.hasAttribute("data-keep")) return;
    const [chosen, offered] = [old.dataset.touched && old.value, fresh.value];
    for (const { name } of [...old.attributes]) {
      if (!fresh.hasAttribute(name) && !OWN.includes(name) && name !== "data-touched") old.removeAttribute(name);
    }
    for (const { name, value } of fresh.attributes) {
      if (!OWN.includes(name) && old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    children(old, fresh);
    if (chosen) choose(old, chosen);
    else if (old.nodeName === "SELECT") old.value = offered;
  }

  /* What was chosen by hand stays chosen while it is there. */
  function choose(select, value) {
    if ([...select.options].some((option) => option.value === value)) select.value = value;
    else delete select.dataset.touched;
  }

  /* Those that are gone go first: then those that stay need no move, which would cost them the focus. */
  function children(old, fresh) {
    const staying = new Set([...fresh.children].map(keyOf));
    for (const one of [...old.children]) if (keyOf(one) && !staying.has(keyOf(one))) one.remove();
    const kept = new Map([...old.children].map((one) => [keyOf(one), one]));
    let at = old.firstChild;
    for (const wanted of [...fresh.childNodes]) {
      while (at && keyOf(wanted) && !keyOf(at)) at = dropped(at);
      const known = keyOf(wanted) ? kept.get(keyOf(wanted)) : at;
      if (known && isSame(known, wanted)) {
        if (known === at) at = at.nextSibling;
        else move(old, known, at);
        morph(known, wanted);
      } else {
        old.insertBefore(wanted, at);
      }
    }
    while (at) at = dropped(at);
  }

  function dropped(node) {
    const next = node.nextSibling;
    node.remove();
    return next;
  }

  function move(parent, node, before) {
    if (parent.moveBefore) parent.moveBefore(node, before);
    else parent.insertBefore(node, before);
  }

  place.addEventListener("change", (event) => {
    if (event.target.matches("select")) event.target.dataset.touched = "1";
  });

  return { put };
})();
