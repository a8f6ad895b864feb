"""What another system says of a patient, without the patient: errors like to repeat what they do not like."""

from __future__ import annotations

import re
from collections.abc import Iterable

from clinic.names import fold

MASK = "***"
SHORTEST_PHONE = 6
_WORD = re.compile(r"\w+")
_DIGITS = re.compile(r"\d(?:[\d\s()./+\-]*\d)?")


def masked(text: str, names: Iterable[str], birth_date: str = "", phone: str = "") -> str:
    """The text with these names, ISO date and phone number hidden, in the usual ways to write them."""
    parts = {part for name in names for part in _WORD.findall(name)}
    text = _DIGITS.sub(lambda found: MASK if _is_of(found[0], birth_date, phone) else found[0], text)
    # Scripts without spaces: there a name is no word of its own.
    for part in sorted((part for part in parts if not part.isascii()), key=len, reverse=True):
        text = re.sub(re.escape(part), MASK, text, flags=re.IGNORECASE)
    folded = {fold(part) for part in parts} - {""}
    return _WORD.sub(lambda found: MASK if fold(found[0]) in folded else found[0], text)


def _is_of(found: str, birth_date: str, phone: str) -> bool:
    digits, number = _bare(found), _bare(phone)[-10:]
    year, month, day = _bare(birth_date)[:4], _bare(birth_date)[4:6], _bare(birth_date)[6:8]
    if year and digits == year:
        return True
    dates = {year + month + day, day + month + year, month + day + year} if year else set()
    dates |= {year + month.lstrip("0") + day.lstrip("0"), day.lstrip("0") + month.lstrip("0") + year}
    dates |= {month.lstrip("0") + day.lstrip("0") + year}
    if any(date and date in digits for date in dates):
        return True
    return len(digits) >= SHORTEST_PHONE and bool(number) and (number[-7:] in digits or digits in number)


def _bare(text: str) -> str:
    return "".join(char for char in text if char.isdecimal())
