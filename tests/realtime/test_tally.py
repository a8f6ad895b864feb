"""What processes count together, and who of them lives."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import redis
from prometheus_client.core import Metric

from clinic.running.home import free_port
from realtime import tally
from realtime.tally import Counter, Histogram
from tests.own_valkey import connect, refusing

CALLS = Counter("calls", "Calls.", ("of", "end"))
ALL = Counter("all", "All.")
SPANS = Histogram("spans_seconds", "Spans.", (0.1, 1.0), ("of",))
BARE = Histogram("bare_seconds", "Spans.", (0.1, 1.0))


def samples(family: Metric) -> dict[tuple[str, ...], float]:
    return {(one.name, *one.labels.values()): one.value for one in family.samples}


def test_counts_of_several_hand_overs_add_up(live_redis: Any) -> None:
    for _process in range(3):
        CALLS.count("vendor", "well")
        CALLS.count('odd "label", | and\n', "well", by=2)
        tally.hand_over()
    assert samples(CALLS.family(tally.read())) == {
        ("calls_total", "vendor", "well"): 3,
        ("calls_total", 'odd "label", | and\n', "well"): 6,
    }


def test_counter_without_labels_begins_at_nothing(live_redis: Any) -> None:
    assert samples(ALL.family(tally.read())) == {("all_total",): 0}
    ALL.count()
    tally.hand_over()
    assert samples(ALL.family(tally.read())) == {("all_total",): 1}


def test_each_bucket_holds_all_that_is_less(live_redis: Any) -> None:
    for seconds in (0.1, 0.05, 0.5, 7.0, -3.0):
        SPANS.observe(seconds, "a")
    tally.hand_over()
    assert samples(SPANS.family(tally.read())) == {
        ("spans_seconds_bucket", "a", "0.1"): 3,
        ("spans_seconds_bucket", "a", "1"): 4,
        ("spans_seconds_bucket", "a", "+Inf"): 5,
        ("spans_seconds_count", "a"): 5,
        ("spans_seconds_sum", "a"): pytest.approx(7.65),
    }
    assert samples(BARE.family(tally.read()))["bare_seconds_count",] == 0


def test_counts_under_bounds_that_a_release_changed_stay_in_buckets_that_hold_them(live_redis: Any) -> None:
    old = Histogram("bare_seconds", "Spans.", (0.05, 0.5, 5.0))
    for seconds in (0.01, 0.3, 4.0, 9.0):
        old.observe(seconds)
    tally.hand_over()
    assert samples(BARE.family(tally.read())) == {
        ("bare_seconds_bucket", "0.1"): 1,
        ("bare_seconds_bucket", "1"): 2,
        ("bare_seconds_bucket", "+Inf"): 4,
        ("bare_seconds_count",): 4,
        ("bare_seconds_sum",): pytest.approx(13.31),
    }


def test_what_a_full_redis_does_not_take_is_kept(live_redis: Any) -> None:
    ALL.count()
    with refusing(live_redis, "OOM"), pytest.raises(redis.ResponseError):
        tally.hand_over()
    tally.hand_over()
    assert samples(ALL.family(tally.read())) == {("all_total",): 1}


def test_counting_never_waits_for_redis(settings: Any) -> None:
    connect(settings, f"redis://127.0.0.1:{free_port()}/0")
    ALL.count()
    BARE.observe(1)


def test_many_threads_lose_no_count(live_redis: Any) -> None:
    def count() -> None:
        for _n in range(1000):
            ALL.count()

    threads = [threading.Thread(target=count) for _n in range(8)]
    for thread in threads:
        thread.start()
    for _n in range(20):
        tally.hand_over()
    for thread in threads:
        thread.join()
    tally.hand_over()
    assert samples(ALL.family(tally.read())) == {("all_total",): 8000}
