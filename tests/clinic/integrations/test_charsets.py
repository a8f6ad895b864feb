from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.integrations import charsets


@pytest.mark.parametrize(
    ("text", "latin", "plain"),
    [
        ("Núñez Åse Müller", "Núñez Åse Müller", "Nunez Ase Muller"),
        ("Łukasz Dvořák", "Lukasz Dvorák", "Lukasz Dvorak"),
        ("Straße Æsa Þór", "Straße Æsa Þór", "Strasse AEsa THor"),
        ("e\u0301a\u0323", "éa", "ea"),
        ("Nguyễn", "Nguyen", "Nguyen"),
        ("O\u2019Brien \u201ca\u201d \u2013 \u20ac5", 'O\'Brien "a" - EUR5', 'O\'Brien "a" - EUR5'),
        ("王小明", "???", "???"),
        ("\uff5c\uff3e", "|^", "|^"),
        ("Ольга", "?????", "?????"),
        ("\ud800", "?", "?"),
    ],
)
def test_letters_are_written_with_what_the_set_has(text: str, latin: str, plain: str) -> None:
    assert (charsets.fit(text, "latin-1"), charsets.fit(text, "ascii")) == (latin, plain)


@given(st.text(), st.sampled_from(["utf-8", "latin-1", "ascii", "iso8859-5"]))
def test_any_text_can_be_written_in_any_set(text: str, codec: str) -> None:
    fitted = charsets.fit(text, codec)
    assert fitted.encode(codec).decode(codec) == fitted
    assert charsets.fit(fitted, codec) == fitted


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_nothing_is_changed_that_the_set_has(text: str) -> None:
    assert charsets.fit(text, "utf-8") == text


@pytest.mark.parametrize("name", ["GB 18030-2000", "ISO IR87", "UNICODE", "no such"])
def test_other_sets_are_not_read(name: str) -> None:
    assert charsets.codec(name) is None
