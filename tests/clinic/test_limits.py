from __future__ import annotations

import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import redis

from clinic import limits
from clinic.limits import Limit

FIVE = Limit("a test's", 5, 60)
ROOT = Path(__file__).resolve().parents[2]
OTHER_PROCESS = """
import sys
import django
django.setup()
from clinic import limits
print(sum(limits.take(limits.Limit("a test's", 5, 60), "10.0.0.1") for _n in range(3)))
"""


@pytest.fixture
def no_redis(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Redis does not answer. Gives how often it was asked."""
    asked: list[int] = []

    def fail(*words: Any) -> None:
        asked.append(1)
        raise redis.ConnectionError

    monkeypatch.setattr(redis.Redis, "eval", fail)
    return asked


def test_as_many_as_there_are_and_no_more(live_redis: Any) -> None:
    assert [limits.take(FIVE, "a") for _n in range(7)] == [True] * 5 + [False] * 2
    assert limits.is_spent(FIVE, "a") and not limits.is_spent(FIVE, "b")
    assert limits.take(Limit("another", 5, 60), "a")


def test_to_look_counts_nothing(live_redis: Any) -> None:
    assert not any(limits.is_spent(FIVE, "a") for _n in range(20))
    assert limits.take(FIVE, "a")


def test_window_slides(live_redis: Any) -> None:
    quick = Limit("quick", 2, 1)
    assert limits.take(quick, "a") and limits.take(quick, "a") and not limits.take(quick, "a")
    key = live_redis.keys("evenkeel:limit:*")[0]
    oldest = live_redis.zrange(key, 0, 0)[0]
    live_redis.zincrby(key, -1000, oldest)
    assert limits.take(quick, "a") and not limits.take(quick, "a")


def test_refused_tries_do_not_prolong_it(live_redis: Any) -> None:
    for _n in range(50):
        limits.take(FIVE, "a")
    key = live_redis.keys("evenkeel:limit:*")[0]
    assert live_redis.zcard(key) == 5 and 0 < live_redis.pttl(key) <= 60_000


def test_redis_holds_no_address_and_no_name(live_redis: Any) -> None:
    limits.take(FIVE, "10.11.12.13")
    assert not [key for key in live_redis.scan_iter() if b"10.11" in key or b"test" in key]


def test_without_redis_this_process_counts(no_redis: list[int]) -> None:
    assert [limits.take(FIVE, "a") for _n in range(7)] == [True] * 5 + [False] * 2
    assert limits.is_spent(FIVE, "a") and limits.take(FIVE, "b")
    assert len(no_redis) == 1, "and leaves Redis alone for a second"


def test_what_was_counted_with_redis_counts_on_without_it(
    live_redis: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert all(limits.take(FIVE, "a") for _n in range(5))
    monkeypatch.setattr(limits, "_alone_until", math.inf)
    assert not limits.take(FIVE, "a") and limits.take(FIVE, "b")


def test_memory_of_this_process_is_bounded(no_redis: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_KEPT", 10)
    for number in range(100):
        limits.take(FIVE, number)
    assert len(limits._own) == 10


def test_two_processes_count_together(live_redis: Any, valkey_url: str) -> None:
    env = {**os.environ, "REDIS_URL": valkey_url, "DJANGO_SETTINGS_MODULE": "clinic.settings"}
    run = [
        subprocess.Popen(
            [sys.executable, "-c", OTHER_PROCESS], cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True
        )
        for _n in range(2)
    ]
    assert sum(int(one.communicate(timeout=60)[0]) for one in run) == 5
