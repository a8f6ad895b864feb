/* The set-up of a device: a frame that is made as wide as a bank card tells how large a millimetre is on this glass.
   Without this, the number is written or the screen chosen from a list. */
(() => {
  "use strict";

  const CARD_MM = 85.6;
  const USUAL = 3.78;
  const LEFT_ALONE = 300000;
  const ANSWER_WITHIN = 5000;
  const AGAIN = 3000;
  const find = (selector) => document.querySelector(selector);
  const [tool, card, slider] = [find("[data-measure]"), find("[data-card]"), find("[data-slider]")];
  const [number, panel] = [find("[name=px_per_mm]"), find("[name=panel]")];
  const [volume, loud] = [find("[name=volume]"), find("[data-volume]")];

  document.querySelector(".error[role=alert]")?.focus();
  volume.addEventListener("input", () => (loud.textContent = volume.value));

  /* On the device itself, when nobody is at it any more: patients come next, and nobody stays logged in. */
  const form = find("[data-leave]");
  let timer = 0;
  function wait() {
    clearTimeout(timer);
    timer = setTimeout(leave, LEFT_ALONE);
  }
  async function leave() {
    const [body, signal] = [new FormData(form), AbortSignal.timeout(ANSWER_WITHIN)];
    body.set("leave", "");
    try {
      const answer = await fetch(location.href, { method: "POST", body, redirect: "manual", signal });
      if (answer.status < 500) return location.replace(form.dataset.leave);
    } catch {
      // The server is away: the next try comes soon.
    }
    timer = setTimeout(leave, AGAIN);
  }
  if (form) for (const sign of ["pageshow", "pointerdown", "input"]) addEventListener(sign, wait);

  if (!number) return;

  function show() {
    const size = Number(number.value) || USUAL;
    if (!tool) return;
    slider.value = String(size);
    card.style.inlineSize = `${size * CARD_MM}px`;
  }

  /* What was measured counts, and no longer what was chosen. */
  function measured(size) {
    number.value = String(Number(size.toFixed(3)));
    panel.value = "";
    show();
  }

  panel.addEventListener("change", () => {
    const size = panel.selectedOptions[0].dataset.pxPerMm;
    if (size) number.value = size;
    show();
  });
  number.addEventListener("input", () => {
    panel.value = "";
    show();
  });
  if (!tool) return;
  slider.addEventListener("input", () => measured(Number(slider.value)));
  tool.addEventListener("click", (event) => {
    const step = Number(event.target.closest("[data-step]")?.dataset.step);
    if (step) measured(Number(slider.value) + step);
  });
  tool.hidden = false;
  show();
})();
