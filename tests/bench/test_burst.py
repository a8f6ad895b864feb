"""A burst counts only when the vendor has all of it in the end, and its goal grows with the time it took."""

from __future__ import annotations

import json
from typing import Any
from unittest.mock import Mock

import pytest

from tests.bench.parts import burst
from tests.bench.parts.burst import Burst, last_published
from tests.bench.stats import NotMeasured


def request(method: str = "POST", **versions: int) -> dict[str, Any]:
    """As the stand-in tells of it."""
    items = [
        {"channels": [f"evenkeel:{name}"], "messages": [{"data": str(version)}]}
        for name, version in versions.items()
    ]
    return {"method": method, "path": "/messages", "body": json.dumps(items) if method == "POST" else ""}


REQUESTS = [request(a=1, b=1), request("GET"), request(a=3)]


def bench_with(versions: dict[str, int]) -> Mock:
    """The writer's answers: how long a burst took, and what the database has now."""
    bench = Mock()
    bench.writer.call.side_effect = [0.5, versions]
    bench.site.redis.return_value.exists.return_value = 0
    return bench


def vendor_with(requests: list[dict[str, Any]]) -> Mock:
    return Mock(seen=Mock(return_value={"requests": requests}), publishes=Mock(return_value=2))


def test_the_last_that_the_vendor_was_told_of_each_topic() -> None:
    assert last_published(REQUESTS) == {"a": 3, "b": 1}
    assert last_published([]) == {}


def test_a_burst_that_arrived_is_counted_with_a_breaker_that_knows_nothing() -> None:
    bench = bench_with({"a": 3, "b": 1})
    assert burst._burst(bench, vendor_with(REQUESTS)) == Burst(2, 0.5)
    bench.forget_breaker.assert_called_once_with()


@pytest.mark.parametrize("newest", [{"a": 4, "b": 1}, {"a": 3, "b": 1, "c": 1}], ids=["older", "never told"])
def test_a_vendor_that_was_given_up_is_no_pass(newest: dict[str, int]) -> None:
    with pytest.raises(NotMeasured, match="newest version of 1 of"):
        burst._burst(bench_with(newest), vendor_with(REQUESTS))


def test_the_goal_is_twenty_for_each_second_of_commits() -> None:
    assert [Burst(1, seconds).most for seconds in (0.2, 1.0, 2.5)] == [20, 20, 50]
