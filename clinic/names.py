"""How names are compared, in any script."""

from __future__ import annotations

import unicodedata

# Letters that hold their mark so fast that Unicode does not take them apart.
STROKES = str.maketrans("đðħıłøŧ", "ddhilot")
# Here a mark is an accent or an optional vowel point; in other scripts it is part of the letter.
WITH_ACCENTS = ("LATIN", "GREEK", "CYRILLIC", "HEBREW", "ARABIC")


def fold(name: str) -> str:
    """Letters and digits only, without case or accents: "O'Brien-Núñez" and "obrien nunez" are the same."""
    kept: list[str] = []
    for char in _apart(name):
        if unicodedata.category(char).startswith("M"):
            if kept and not _takes_accents(kept[-1]):
                kept.append(char)
        elif char.isalnum() and not _is_apostrophe(char):
            kept.append(char)
    return unicodedata.normalize("NFC", "".join(kept))


def _apart(name: str) -> str:
    """Lower case, each mark after its letter. Twice, since some signs come apart into capitals."""
    lower = unicodedata.normalize("NFKD", name.casefold()).casefold()
    return unicodedata.normalize("NFKD", lower).translate(STROKES)


def _takes_accents(char: str) -> bool:
    return unicodedata.name(char, "").split(" ")[0] in WITH_ACCENTS


def _is_apostrophe(char: str) -> bool:
    """Unicode counts the Hawaiian okina and its like as letters; people write an apostrophe, or nothing."""
    return "\u02b0" <= char <= "\u02ff"
