/* What is wrong with the layout of this page now, as a list of sentences. Measured, never guessed.
   targets: [[selector, least width and height]], the first that matches counts; unit: "px", or "mm" of the page's --mm;
   sight: selectors of what must be whole inside the window, and not covered; hidden: selectors of text that may be
   clipped away, which readers hear all the same (null: any text may). */
({ targets, unit, sight, hidden }) => {
  const root = document.documentElement;
  const px = unit === "mm" ? parseFloat(getComputedStyle(root).getPropertyValue("--mm")) : 1;
  const CONTROLS = "a[href], button, input:not([type=hidden]), select, textarea, summary, [role=button]";
  const HALF = 0.5;
  // Between letters and the edge that is drawn around them.
  const AIR = 3;
  const found = [];

  function name(one) {
    const text = (one.innerText || one.name || one.value || "").trim().replace(/\s+/g, " ").slice(0, 40);
    return `${one.tagName.toLowerCase()}${one.className && `.${String(one.className).replace(/ /g, ".")}`} "${text}"`;
  }
  function visible(one) {
    if (!one.checkVisibility({ visibilityProperty: true, opacityProperty: true })) return false;
    const box = one.getBoundingClientRect();
    return box.width > 1 && box.height > 1 && !hiddenByClip(one);
  }
  function ancestors(one) {
    const chain = [];
    for (let at = one; at; at = at.parentElement) chain.push(at);
    return chain;
  }
  const hiddenByClip = (one) => ancestors(one).some((at) => getComputedStyle(at).clipPath === "inset(50%)");
  const shown = document.querySelector("dialog[open]") || document.body;
  const boxOf = (one) => one.getBoundingClientRect();

  // A radio button inside its label is pressed anywhere on the label.
  const controls = [...new Set([...shown.querySelectorAll(CONTROLS)].map((one) => one.closest("label") || one))].filter(visible);

  for (const one of controls) {
    const wanted = targets.find(([selector]) => one.matches(selector));
    const { width, height } = boxOf(one);
    if (wanted && Math.min(width, height) < wanted[1] * px - HALF) {
      found.push(`small: ${name(one)} is ${(width / px).toFixed(1)} x ${(height / px).toFixed(1)} ${unit}, not ${wanted[1]}`);
    }
  }

  /* --- Text that is cut off, leaves its box, or lies on other text or under a control --- */

  const known = new Map();
  const isStuck = (one) => ancestors(one).some((at) => /sticky|fixed|absolute/.test(getComputedStyle(at).position));
  const sticks = (one) => known.get(one) ?? known.set(one, isStuck(one)).get(one);
  const lines = [];
  // Of a line's height, the letters fill the middle.
  const middleOf = (box) => new DOMRect(box.x, box.y + box.height * 0.2, box.width, box.height * 0.6);
  function crosses(a, b) {
    const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    return wide > 2 && high > 0.3 * Math.min(a.height, b.height);
  }

  const isDrawn = (style) => parseFloat(style.borderLeftWidth) > 0 && style.borderLeftColor !== "rgba(0, 0, 0, 0)";
  const clips = (style) => [style.overflowX, style.overflowY].some((flow) => flow === "hidden" || flow === "clip");
  const walker = document.createTreeWalker(shown, NodeFilter.SHOW_TEXT);
  for (let text = walker.nextNode(); text; text = walker.nextNode()) {
    const parent = text.parentElement;
    if (hidden && text.data.trim() && parent.checkVisibility() && hiddenByClip(parent) && !hidden.some((one) => parent.closest(one))) {
      found.push(`hidden: "${text.data.trim()}"`);
    }
    if (!text.data.trim() || !visible(parent)) continue;
    const range = document.createRange();
    range.selectNodeContents(text);
    const box = range.getBoundingClientRect();
    // Text that is broken into lines has a box for each: one around all would lie on its neighbours.
    const boxes = sticks(parent) ? [] : [...range.getClientRects()];
    lines.push(...boxes.map((line) => ({ text: text.data.trim(), parent, box: middleOf(line) })));
    if (box.left < -HALF || box.right > root.clientWidth + HALF) found.push(`outside: "${text.data.trim()}"`);
    const middle = middleOf(box);
    for (const at of ancestors(parent)) {
      const style = getComputedStyle(at);
      const edge = boxOf(at);
      const leaves = box.left < edge.left - 1 || box.right > edge.right + 1;
      const tall = middle.top < edge.top - 1 || middle.bottom > edge.bottom + 1;
      if ((clips(style) && (leaves || tall)) || (at.matches(`${CONTROLS}, label`) && style.display !== "inline" && (leaves || tall))) {
        found.push(`clipped: "${text.data.trim()}" in ${name(at)}`);
      }
      const air = Math.min(box.left - edge.left - parseFloat(style.borderLeftWidth), edge.right - parseFloat(style.borderRightWidth) - box.right);
      if (at.matches(`${CONTROLS}, label`) && isDrawn(style) && !leaves && air < AIR - HALF) {
        found.push(`tight: "${text.data.trim()}" in ${name(at)}`);
      }
      if (/auto|scroll/.test(style.overflowX + style.overflowY)) break;
    }
  }
  for (const one of shown.querySelectorAll("input:not([type=radio], [type=checkbox], [type=hidden]), select")) {
    if (visible(one) && !one.value && one.placeholder && one.scrollWidth > one.clientWidth + 1) found.push(`clipped: ${name(one)}`);
  }

  lines.forEach(({ text, parent, box }, place) => {
    for (const other of lines.slice(place + 1)) {
      if (crosses(box, other.box) && !parent.contains(other.parent)) found.push(`overlap: "${text}" and "${other.text}"`);
    }
    for (const one of controls) {
      if (!sticks(one) && !one.contains(parent) && crosses(box, boxOf(one))) found.push(`overlap: "${text}" and ${name(one)}`);
    }
  });

  /* --- Controls that lie on each other. What sticks to an edge may lie over what scrolls below it --- */

  controls.forEach((one, place) => {
    const a = boxOf(one);
    for (const other of controls.slice(place + 1)) {
      if (one.contains(other) || other.contains(one) || sticks(one) !== sticks(other)) continue;
      const b = boxOf(other);
      const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (wide > 1 && high > 1) found.push(`overlap: ${name(one)} and ${name(other)}`);
    }
  });

  /* --- The window --- */

  if (root.scrollWidth > root.clientWidth) found.push(`scrolls sideways: ${root.scrollWidth} of ${root.clientWidth} px`);
  for (const one of shown.querySelectorAll("*")) {
    if (/auto|scroll/.test(getComputedStyle(one).overflowX) && one.scrollWidth > one.clientWidth + 1) found.push(`scrolls sideways: ${name(one)}`);
  }
  for (const one of sight.flatMap((selector) => [...shown.querySelectorAll(selector)]).filter(visible)) {
    const box = boxOf(one);
    const inside = box.left >= -HALF && box.right <= innerWidth + HALF && box.top >= -HALF && box.bottom <= innerHeight + HALF;
    const hit = document.elementFromPoint((box.left + box.right) / 2, (box.top + box.bottom) / 2);
    if (!inside) found.push(`out of sight: ${name(one)} at ${box.top.toFixed()} to ${box.bottom.toFixed()} of ${innerHeight}`);
    else if (!one.contains(hit)) found.push(`covered: ${name(one)} by ${hit && name(hit)}`);
  }
  return [...new Set(found)];
}
