"""How old somebody is, and whether an adult must answer for them."""

from __future__ import annotations

from datetime import date

ADULT_YEARS = 18


def age_on(birth_date: date, day: date) -> int:
    """Whole years."""
    return day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))


def is_child(birth_date: date, day: date) -> bool:
    """Whether an adult answers for them."""
    return age_on(birth_date, day) < ADULT_YEARS
