from __future__ import annotations

import re

import pytest

from clinic.tickets import LETTERS, LONG, SHORT, ticket

LAST = len(LETTERS) * (SHORT + LONG)


@pytest.mark.parametrize(
    ("number", "code"),
    [(1, "A10"), (90, "A99"), (91, "B10"), (1890, "Y99"), (1891, "A100"), (2791, "B100"), (LAST, "Y999")],
)
def test_ticket_goes_from_a10_through_two_digits_to_three(number: int, code: str) -> None:
    assert ticket(number) == code


def test_ticket_never_repeats_in_a_day_and_uses_no_look_alikes() -> None:
    codes = [ticket(number) for number in range(1, LAST + 1)]
    assert len(set(codes)) == LAST
    assert all(re.fullmatch(r"[A-Z][0-9]{2,3}", code) for code in codes)
    assert not set("IOQSZ") & {code[0] for code in codes}


@pytest.mark.parametrize("number", [0, -1, LAST + 1])
def test_ticket_outside_of_the_day_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match="no ticket number"):
        ticket(number)
