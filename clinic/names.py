"""How names are compared, in any script."""

from __future__ import annotations

import unicodedata


def fold(name: str) -> str:
    """Letters and digits only, without case or accents: "O'Brien-Núñez" and "obrien nunez" are the same.

    Marks are dropped only after Latin, Greek and Cyrillic letters; in other scripts they are part of the letter.
    """
    kept: list[str] = []
    for char in unicodedata.normalize("NFKD", name.casefold()):
        if unicodedata.combining(char):
            if kept and not _is_alphabetic_west(kept[-1]):
                kept.append(char)
        elif char.isalnum():
            kept.append(char)
    return unicodedata.normalize("NFC", "".join(kept))


def _is_alphabetic_west(char: str) -> bool:
    return unicodedata.name(char, "").split(" ")[0] in ("LATIN", "GREEK", "CYRILLIC")
