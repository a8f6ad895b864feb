"""The character sets of HL7 v2 (table 0211), and how text is written in one that lacks some of its letters."""

from __future__ import annotations

import unicodedata

UTF_8, LATIN_1, ASCII = "UNICODE UTF-8", "8859/1", "ASCII"
_CODECS = {UTF_8: "utf-8", "UTF-8": "utf-8", "UTF8": "utf-8", ASCII: "ascii", "": "utf-8"} | {
    f"8859/{part}": f"iso8859-{part}" for part in (*range(1, 10), 15)
}
# Letters and marks that Unicode does not take apart, as they are commonly written where they are missing.
_INSTEAD = {
    "ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L",
    "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "TH", "ħ": "h", "Ħ": "H", "ŧ": "t", "Ŧ": "T",
    "ĸ": "k", "ŋ": "n", "Ŋ": "N", "«": '"', "»": '"', "€": "EUR", "\u0131": "i",
    **dict.fromkeys("\u2018\u2019\u02bb\u02bc", "'"), **dict.fromkeys("\u201c\u201d\u201e", '"'),
    **dict.fromkeys("\u2010\u2011\u2013\u2014\u2212", "-"), "\u201a": ",",
}  # fmt: skip


def codec(name: str) -> str | None:
    """Python's name of a set that MSH-18 names; None for one that we do not read. Of "": UTF-8."""
    return _CODECS.get(name.strip().upper())


def fit(text: str, codec: str) -> str:
    """Text that `codec` can write: letters without their accents where it lacks these, "?" where it lacks both.

    Never longer than it must be, never an error; what the set has is left as it is.
    """
    if _can(text, codec):
        return text
    return "".join(char if _can(char, codec) else _instead(char, codec) for char in _whole(text))


def _whole(text: str) -> str:
    """Each accent with its letter where Unicode has the two as one."""
    return unicodedata.normalize("NFC", text)


def _instead(char: str, codec: str) -> str:
    if unicodedata.category(char).startswith("M"):
        return ""
    apart = unicodedata.normalize("NFKD", _INSTEAD.get(char, char))
    letters = "".join(_INSTEAD.get(one, one) for one in apart if not unicodedata.combining(one))
    return letters if letters and _can(letters, codec) else "?"


def _can(text: str, codec: str) -> bool:
    try:
        text.encode(codec)
    except UnicodeEncodeError:
        return False
    return True
