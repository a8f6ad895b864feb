from __future__ import annotations

import pytest

from clinic.running.pools import DEFAULT, POOLS, parse
from realtime import job_queues


def test_parse_keeps_the_order_and_the_counts() -> None:
    setting = "notices=1, integrations=2,ill=1,general=3"
    assert parse(setting) == [("notices", 1), ("integrations", 2), ("ill", 1), ("general", 3)]


@pytest.mark.parametrize("kind", ["notices", "integrations", "ill"])
def test_urgent_work_has_workers_that_serve_nothing_else(kind: str) -> None:
    assert POOLS[kind] == (kind,)


def test_pool_any_serves_the_most_urgent_first_and_nothing_ill() -> None:
    assert POOLS["any"] == ("notices", "integrations", "default", "low")


def test_by_default_every_queue_is_served_and_only_the_reserved_pool_serves_notices() -> None:
    pools = {name: POOLS[name] for name, _count in parse(DEFAULT)}
    assert {queue for queues in pools.values() for queue in queues} == set(job_queues.NAMES)
    assert [name for name, queues in pools.items() if "notices" in queues] == ["notices"]


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        (
            "",
            "There is no worker pool ''. The pools are notices, integrations, ill, general, any: write general=2.",
        ),
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
