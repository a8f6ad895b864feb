/* The kiosk's own keys: digits, and letters in the order that readers of the language know. They type into the field
   that was last in focus, guess nothing and keep nothing. Without this script the fields take the system's keyboard.
   The page: one [data-keypad] with the words of the keys, and the text fields of #answers. A field of digits says so
   by its inputmode or type. */
(() => {
  "use strict";

  // Three rows of letters, at most ten each; then the layers that one more key leads to, each by its own sign.
  const LATIN = ["qwertyuiop", "asdfghjkl", "zxcvbnm"];
  const ACCENTS = ["áéíóúüñçàè", "âêîôûäëïöå", "ãõøìòùýšž"];
  const LAYOUTS = {
    en: [{ sign: "abc", rows: LATIN }, { sign: "áñü", rows: ACCENTS, once: true }],
    es: [
      { sign: "abc", rows: ["qwertyuiop", "asdfghjklñ", "zxcvbnm"] },
      { sign: "áéü", rows: ["áéíóúü", "àèìòùçãõ", "âêôäëïö"], once: true },
    ],
    ar: [
      { sign: "ابت", rows: ["ضصثقفغعهخح", "شسيبلاتنمك", "طدزروةىج"] },
      { sign: "أظذ", rows: ["أإآ", "ئؤء", "ظذ"], once: true },
      { sign: "abc", rows: LATIN },
    ],
  };
  const pad = document.querySelector("[data-keypad]");
  const fields = [...document.querySelectorAll("#answers input:is([type=text], [type=tel])")];
  if (!pad || !fields.length) return;

  const lang = document.documentElement.lang;
  const layers = LAYOUTS[lang] || LAYOUTS[lang.split("-")[0]] || LAYOUTS.en;
  const ofDigits = new Set(fields.filter((field) => field.inputMode === "numeric" || field.type === "tel"));

  let field = fields.find((one) => one.closest(".is-wrong")) || fields[0];
  let layer = layers[0];
  let shift = null; // Pressed or released by hand; else capitals come by themselves where a name begins.

  /* --- What is typed ----------------------------------------------------------------------------------------- */

  function replace(start, end, text) {
    field.setRangeText(text, start, end, "end");
    field.dispatchEvent(new InputEvent("input", { bubbles: true }));
  }

  function insert(text) {
    const { selectionStart: start, selectionEnd: end, value, maxLength } = field;
    if (maxLength >= 0 && value.length - (end - start) + text.length > maxLength) return;
    replace(start, end, text);
  }

  function erase() {
    const { selectionStart: start, selectionEnd: end, value } = field;
    const last = [...new Intl.Segmenter().segment(value.slice(0, start))].at(-1);
    if (start !== end) replace(start, end, "");
    else if (last) replace(last.index, start, "");
  }

  function begins() {
    return /(^|[\s-])(\p{L}')?$/u.test(field.value.slice(0, field.selectionStart));
  }

  function follow(next) {
    const change = ofDigits.has(next) !== ofDigits.has(field);
    field = next;
    shift = null;
    mend();
    if (change) draw();
    else show();
  }

  // Where there is no room for both, what is wrong gives its place to the keys once the focus leaves it: after a tap
  // is over, so that nothing moves under a finger.
  function mend() {
    const told = document.querySelector("[data-problem]");
    document.querySelector(".page").classList.toggle("is-mending", Boolean(told && !told.contains(document.activeElement)));
  }

  /* --- The keys ---------------------------------------------------------------------------------------------- */

  function key(text, act, name, kind = "") {
    const button = document.createElement("button");
    button.type = "button";
    button.className = `key ${kind}`;
    button.textContent = text;
    button.tabIndex = -1;
    if (name && name !== text) button.setAttribute("aria-label", name);
    return Object.assign(button, { act });
  }

  const word = (name, act) => key(pad.dataset[name], act, "", `is-word is-${name}`);
  const letter = (text, name, kind = "") => key(text, () => insert(text), name, kind);
  const capital = (text) => Object.assign(key(text, () => insert(cased(text)), "", "is-letter"), { small: text });
  const nextKey = () => (fields.length > 1 ? [word("next", goOn)] : []);
  const isUpper = () => shift ?? begins();
  const cased = (text) => (isUpper() ? text.toLocaleUpperCase(lang) : text);

  function goOn() {
    fields[(fields.indexOf(field) + 1) % fields.length].focus();
  }

  function digitKeys() {
    const digits = [..."1234567890"].map((one) => letter(one, "", `is-digit is-${one}`));
    const plus = field.type === "tel" ? [letter("+", "", "is-digit is-plus")] : [];
    return [...digits, ...plus, word("erase", erase), word("clear", () => replace(0, field.value.length, "")), ...nextKey()];
  }

  function letterRows() {
    const rows = layer.rows.map((row) => [...row].map(capital));
    const hasCase = layer.rows[0] !== layer.rows[0].toLocaleUpperCase(lang);
    const others = layers.filter((one) => one !== layer);
    if (hasCase) rows.at(-1).unshift(key(layer.sign.toLocaleUpperCase(lang), () => (shift = !isUpper()), `${pad.dataset.shift} ${layer.sign}`, "is-word is-shift"));
    rows.push([
      ...others.map((one) => key(one.sign, () => turnTo(one), `${pad.dataset.letters} ${one.sign}`, "is-word is-layer")),
      ...(hasCase ? [letter("'", pad.dataset.apostrophe)] : []),
      letter("-", pad.dataset.hyphen), word("space", () => insert(" ")), ...nextKey(),
    ]);
    const roomy = rows.at(-2).length < 9 ? rows.at(-2) : rows.at(-1);
    roomy.push(word("erase", erase));
    return rows.map((keys) => {
      const row = document.createElement("div");
      row.className = "row";
      row.append(...keys);
      return row;
    });
  }

  function turnTo(next) {
    const held = pad.contains(document.activeElement);
    layer = next;
    draw();
    if (held) pad.querySelector(".key").focus();
  }

  function draw() {
    const digits = ofDigits.has(field);
    pad.replaceChildren(...(digits ? digitKeys() : letterRows()));
    pad.classList.toggle("is-digits", digits);
    pad.classList.toggle("is-letters", !digits);
    pad.querySelector(".key").tabIndex = 0;
    show();
  }

  function show() {
    for (const one of pad.querySelectorAll(".is-letter")) one.textContent = cased(one.small);
    pad.querySelector(".is-shift")?.setAttribute("aria-pressed", String(isUpper()));
    pad.setAttribute("aria-label", `${pad.dataset.for} ${field.labels[0].innerText}`);
    for (const one of fields) one.closest(".field").classList.toggle("is-typed", one === field);
  }

  /* --- Pressed by finger, mouse or keyboard ------------------------------------------------------------------ */

  function press(button) {
    const capitals = shift;
    button.act();
    if (button.matches(".is-letter") && layer.once) turnTo(layers[0]);
    if (shift === capitals) shift = null;
    show();
  }

  // A finger leaves the focus in the field; whoever came here by the keyboard stays on the key.
  pad.addEventListener("mousedown", (event) => event.preventDefault());
  pad.addEventListener("click", (event) => {
    const button = event.target.closest(".key");
    if (!button) return;
    if (event.detail && document.activeElement !== field) field.focus();
    press(button);
  });

  function nearest(from, x, y) {
    const middle = (one) => {
      const box = one.getBoundingClientRect();
      return [box.x + box.width / 2, box.y + box.height / 2];
    };
    const [startX, startY] = middle(from);
    const ways = [...pad.querySelectorAll(".key")].map((one) => {
      const [wayX, wayY] = [middle(one)[0] - startX, middle(one)[1] - startY];
      return { one, along: wayX * x + wayY * y, aside: Math.abs(wayX * y) + Math.abs(wayY * x) };
    });
    return ways.filter((way) => way.along > 1 && (y || way.aside < 1)).sort((a, b) => a.along + 3 * a.aside - b.along - 3 * b.aside)[0]?.one;
  }

  const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  pad.addEventListener("keydown", (event) => {
    if (event.repeat && (event.key === "Enter" || event.key === " ")) event.preventDefault();
    if (!WAYS[event.key]) return;
    event.preventDefault();
    nearest(event.target, ...WAYS[event.key])?.focus();
  });
  pad.addEventListener("focusin", (event) => {
    for (const one of pad.querySelectorAll(".key")) one.tabIndex = one === event.target ? 0 : -1;
  });

  for (const sign of ["click", "keyup"]) document.addEventListener(sign, mend);
  for (const one of fields) {
    one.inputMode = "none";
    one.addEventListener("focus", () => follow(one));
    for (const change of ["input", "keyup", "click"]) one.addEventListener(change, () => show());
  }
  pad.hidden = false;
  pad.dir = "ltr";
  draw();
  // The first question of a page takes the focus; a problem keeps it.
  if (document.querySelector("#answers input:not([type=hidden])") === field && !document.querySelector("[data-problem]")) field.focus();
})();
