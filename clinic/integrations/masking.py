"""What another system says of a patient, without the patient: errors like to repeat what they do not like."""

from __future__ import annotations

import re
from collections.abc import Iterable

from clinic.names import fold

MASK = "***"
# A phone number without its area, and a date in digits, have no fewer.
FEWEST_DIGITS = 6
# Shorter ones stand within other words, too.
LONG_NAME = 4
_WORD = re.compile(r"[^\W_]+")
_DIGITS = re.compile(r"[+(]*\d(?:[\d\s()./:+\-]*\d)?")
_DATE = re.compile(r"(?<!\d)\d{1,4}([/-])\d{1,2}\1\d{1,4}(?!\d)")
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|"
    r"oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_IN_WORDS = re.compile(
    rf"\b(?:{_DAY}[\s-]*(?:of\s+)?{_MONTH}|{_MONTH}[\s-]*{_DAY})(?:[\s,-]*\d{{2,4}})?\b", re.IGNORECASE
)


def masked(text: str, names: Iterable[str], birth_date: str = "") -> str:
    """The text without these names, the year of birth, and whatever may be a date or a phone number.

    Of anybody: a system may say what it knows of the patient, and not what it was told. `birth_date`: its year
    first. Short numbers stay, since they say which line or field is meant.
    """
    for pattern in (_IN_WORDS, _DATE):
        text = pattern.sub(MASK, text)
    year = birth_date[:4]
    text = _DIGITS.sub(lambda found: MASK if _may_be_personal(found[0], year) else found[0], text)
    parts = {part for name in names for part in _WORD.findall(name)}
    # Long ones within a word, too; and scripts without spaces, where a name is no word of its own.
    within = (part for part in parts if len(part) >= LONG_NAME or not part.isascii())
    for part in sorted(within, key=len, reverse=True):
        text = re.sub(re.escape(part), MASK, text, flags=re.IGNORECASE)
    folded = {fold(part) for part in parts} - {""}
    return _WORD.sub(lambda found: MASK if fold(found[0]) in folded else found[0], text)


def _may_be_personal(found: str, year: str) -> bool:
    groups = re.findall(r"\d+", found)
    return sum(map(len, groups)) >= FEWEST_DIGITS or (bool(year) and year in groups)
