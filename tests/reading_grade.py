"""How many years of school an English text asks for, by Flesch and Kincaid; our own count of syllables."""

from __future__ import annotations

import re
from collections.abc import Iterable

WORD = re.compile(r"[A-Za-z]+(?:['-][A-Za-z]+)*|\d+")
VOWELS = re.compile(r"[aeiouy]+")
# Where letters and sounds part ways, among the words of our pages.
KNOWN = {
    "anyone": 3,
    "area": 3,
    "being": 2,
    "doing": 2,
    "everyone": 3,
    "going": 2,
    "kiosk": 2,
    "science": 2,
    "somebody": 3,
}


def syllables(word: str) -> int:
    """Of an English word, or of a number as it is said: one for each digit."""
    if word.isdigit():
        return len(word)
    return sum(_syllables(part) for part in re.split(r"['-]", word.lower()) if len(part) > 1) or 1


def _syllables(word: str) -> int:
    if word in KNOWN:
        return KNOWN[word]
    many = len(VOWELS.findall(word))
    is_silent = re.search(r"(?:[^aeiouyl]|[aeiouy]l)es?$", word) and not re.search(r"(?:[cgsxz]|ch|sh)es$", word)
    is_silent = is_silent or re.search(r"[^aeioutdy]ed$", word)
    return max(1, many - bool(is_silent and many > 1))


def grade(sentences: Iterable[str]) -> float:
    """The grade of a text: long sentences and long words raise it. Each line or tile is a sentence of its own."""
    parts = [WORD.findall(part) for text in sentences for part in re.split(r"[.!?:;]+(?=\s|$)", text)]
    told = [part for part in parts if part]
    words = [word for part in told for word in part]
    return 0.39 * len(words) / len(told) + 11.8 * sum(map(syllables, words)) / len(words) - 15.59
