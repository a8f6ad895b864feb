"""Vendor calls as they are noted."""

from __future__ import annotations

import time
from typing import Any

import pytest

from clinic.drill import calls


def test_a_call_counts_while_it_lasts(live_redis: Any) -> None:
    assert live_redis.hlen(calls.NOW) == 0
    with calls.noted(live_redis):
        assert live_redis.hlen(calls.NOW) == 1
    assert live_redis.hlen(calls.NOW) == 0


def test_its_span_is_kept_also_when_it_fails(live_redis: Any) -> None:
    before = time.time()
    with pytest.raises(TimeoutError), calls.noted(live_redis):
        raise TimeoutError
    ((began, end),) = calls.spans(live_redis, until=before + 60)
    assert before <= began <= end <= time.time()


def test_a_call_that_goes_on_ends_with_the_run(live_redis: Any) -> None:
    with calls.noted(live_redis):
        ((began, end),) = calls.spans(live_redis, until=time.time() + 60)
        assert 59 < end - began < 61


def test_seconds_within_a_stretch() -> None:
    """One that began before it, one inside, one that outlasts it, two outside."""
    spans = [(0.0, 12.0), (13.0, 14.5), (19.0, 30.0), (1.0, 9.0), (20.5, 21.0)]
    assert calls.within(spans, 10.0, 20.0) == 2.0 + 1.5 + 1.0
    assert calls.within([], 10.0, 20.0) == 0
