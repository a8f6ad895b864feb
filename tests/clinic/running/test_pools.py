from __future__ import annotations

import pytest

from clinic.running.pools import POOLS, parse


def test_parse_keeps_the_order_and_the_counts() -> None:
    setting = "notices=1, integrations=2,ill=1,any=3"
    assert parse(setting) == [("notices", 1), ("integrations", 2), ("ill", 1), ("any", 3)]


@pytest.mark.parametrize("kind", ["notices", "integrations", "ill"])
def test_urgent_work_has_workers_that_serve_nothing_else(kind: str) -> None:
    assert POOLS[kind] == (kind,)


def test_pool_any_serves_the_most_urgent_first_and_nothing_ill() -> None:
    assert POOLS["any"] == ("notices", "integrations", "default", "low")


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("", "There is no worker pool ''. The pools are notices, integrations, ill, any: write any=2."),
        ("all=2", "There is no worker pool 'all'."),
        ("any", "needs a whole number of workers, 1 or more, not ''. Write any=1"),
        ("any=0", "not '0'. Write any=1, or leave the pool out."),
        ("any=-1", "not '-1'"),
        ("any=²", "not '²'"),
        ("any=1,ill=1,any=2", "The pool 'any' is named twice in 'any=1,ill=1,any=2'."),
    ],
)
def test_parse_refuses_what_it_cannot_read(setting: str, sentence: str) -> None:
    with pytest.raises(ValueError) as refusal:
        parse(setting)
    assert sentence in str(refusal.value)
