/* The search over the cards: part of a ticket or a name, at once, and again on each new board. What is typed never
   becomes part of an address. */
(() => {
  "use strict";

  const place = document.querySelector("[data-board]");
  const $ = (id) => document.getElementById(id);

  /* As clinic/names.py folds what the cards are found by, letter for letter. */
  const STROKES = { đ: "d", ð: "d", ħ: "h", ı: "i", ł: "l", ø: "o", ŧ: "t" };
  const TAKES_ACCENTS = /[\p{sc=Latin}\p{sc=Greek}\p{sc=Cyrillic}\p{sc=Hebrew}\p{sc=Arabic}]/u;
  const caseless = (text) => text.toUpperCase().toLowerCase().replaceAll("ς", "σ").normalize("NFKD");

  function fold(text) {
    const kept = [];
    for (const char of caseless(caseless(text))) {
      const isKept = /\p{M}/u.test(char)
        ? kept.length && !TAKES_ACCENTS.test(kept.at(-1))
        : /[\p{L}\p{N}]/u.test(char) && !/[\u02b0-\u02ff]/.test(char);
      if (isKept) kept.push(STROKES[char] || char);
    }
    return kept.join("").normalize("NFC");
  }

  function filter() {
    const typed = $("find").value.split(/\s+/).map(fold).filter(Boolean);
    const cards = [...place.querySelectorAll(".card")];
    for (const card of cards) card.hidden = !typed.every((word) => card.dataset.find.includes(word));
    const [status, shown] = [place.querySelector("[data-found]"), cards.filter((card) => !card.hidden).length];
    const words = status.dataset.words.replace("%n", shown).replace("%all", cards.length);
    status.textContent = typed.length ? words : "";
    place.toggleAttribute("data-searching", typed.length > 0);
  }

  place.addEventListener("input", (event) => event.target.id === "find" && filter());
  place.addEventListener("submit", (event) => {
    if (event.target.id !== "search") return;
    event.preventDefault();
    place.querySelector(".card:not([hidden]) button")?.focus();
  });
  place.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.target.id !== "find") return;
    event.target.value = "";
    filter();
  });

  document.addEventListener("board", filter);
  filter();
})();
