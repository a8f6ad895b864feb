"""Figures in words: no more digits than they mean."""

from __future__ import annotations

import pytest

from clinic.drill.words import duration, in_seconds, milliseconds, percent, seconds


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "-"), (0.0, "0.000"), (0.0214, "0.021"), (0.9996, "1.000"), (1.0, "1.00"), (3.125, "3.12"),
        (9.996, "10.0"), (31.24, "31.2"), (99.96, "100"), (243.4, "243"), (86400.0, "86400"),
    ],
)  # fmt: skip
def test_seconds_have_three_digits_at_most(value: float | None, words: str) -> None:
    assert seconds(value) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.0, "0.0 ms"), (0.0021, "2.1 ms"), (0.0213, "21 ms"), (0.0996, "0.10 s"), (0.25, "0.25 s"),
        (0.996, "1.0 s"), (3.14, "3.1 s"), (9.96, "10 s"), (50.9, "51 s"), (3600.0, "3600 s"),
    ],
)  # fmt: skip
def test_a_duration_has_two_digits_and_its_unit(value: float, words: str) -> None:
    assert duration(value) == words


@pytest.mark.parametrize(("value", "words"), [(0.0081, "0.008 s"), (0.25, "0.25 s"), (50.9, "51 s")])
def test_a_short_and_a_long_wait_compare_in_seconds(value: float, words: str) -> None:
    assert in_seconds(value) == words


@pytest.mark.parametrize(
    ("value", "words"), [(None, "-"), (0.0, "0.0"), (2.14, "2.1"), (9.96, "10"), (1840.4, "1840")]
)
def test_milliseconds(value: float | None, words: str) -> None:
    assert milliseconds(value) == words


@pytest.mark.parametrize(
    ("share", "words"), [(0.0, "0"), (0.0004, "0.04"), (0.0096, "1.0"), (0.022, "2.2"), (0.98, "98"), (1.0, "100")]
)
def test_a_share_is_a_percentage(share: float, words: str) -> None:
    assert percent(share) == words
