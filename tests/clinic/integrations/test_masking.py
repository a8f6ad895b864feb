from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from clinic.integrations.masking import masked
from clinic.names import fold

BORN = "1985-04-07"


def hidden(text: str, *names: str) -> str:
    return masked(text, names, BORN)


@pytest.mark.parametrize(
    "said",
    ["zoë", "ZOE", "Zoe\u0308", "O'Brien", "o\u2019brien", "Núñez-Smith", "SMITH", "Núñez"],
)
def test_name_is_hidden_however_it_is_written(said: str) -> None:
    found = hidden(f"no patient {said} here", "Zoë O'Brien", "Núñez Smith")
    assert not any(fold(part) in fold(found) for part in ("Zoë", "Brien", "Núñez", "Smith"))
    assert found.startswith("no patient ***") and found.endswith(" here")


def test_name_within_another_word_stays_where_it_is_short() -> None:
    assert hidden("the list of Li", "Li Wang") == "the list of ***"
    assert hidden("x_millers_y 17", "Bob Miller") == "x_***s_y 17"
    assert hidden("MILLER_BOB", "Bob Miller") == "***_***"
    assert hidden("患者王小明不存在", "王小明") == "患者***不存在"


@pytest.mark.parametrize(
    "said",
    ["1985-04-07", "19850407", "04/07/1985", "7.4.1985", "4/7/1985", "1985-04-07T00:00:00Z", "1985", "4/7/85",
     "7-apr-1985", "April 7th, 1985", "7th of April", "7APR85", "1986-04-07"],
)  # fmt: skip
def test_birth_date_is_hidden_in_the_usual_ways_and_so_is_another(said: str) -> None:
    found = hidden(f"born {said}, it seems")
    assert found.startswith("born ***") and found.endswith(", it seems")
    assert not [part for part in ("7", "85", "86", "apr") if part in found.lower()]


@pytest.mark.parametrize(
    "said", ["+13125550123", "3125550123", "(312) 555-0123", "312.555.0123", "555-0123", "617 555 0000"]
)
def test_phone_is_hidden_in_the_usual_ways(said: str) -> None:
    assert hidden(f"call {said} now") == "call *** now"


@pytest.mark.parametrize(
    "said",
    ["Patient/101: line 3, column 40", "code 422", "99 bottles", "PID-7.1 of 2.5.1",
     "207: internal", "may be 5", "marked 7"],
)  # fmt: skip
def test_short_numbers_stay(said: str) -> None:
    assert hidden(said, "Bob Miller") == said


def test_nothing_known_hides_nothing() -> None:
    assert masked("Bob, 1985, 312", []) == "Bob, 1985, 312"


@settings(max_examples=50, deadline=None)
@given(some.text(max_size=40), some.text(max_size=40))
def test_no_word_of_a_name_is_left(before: str, name: str) -> None:
    found = masked(f"{before} {name} here", [name], BORN)
    for part in name.split():
        assert not (part.isascii() and part.isalpha()) or part not in found.replace("here", "").split()
