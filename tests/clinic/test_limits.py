from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest
import redis

from clinic import limits
from clinic.limits import Limit
from realtime import redis_link

FIVE = Limit("a test's", 5, 60)
ROOT = Path(__file__).resolve().parents[2]
OTHER_PROCESS = """
import sys
import django
django.setup()
from clinic import limits
from realtime import redis_link
for _line in sys.stdin:
    print(limits.take(limits.Limit("a test's", 5, 60), "10.0.0.1"), flush=True)
    redis_link.thread.soon(int).result(5)
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


def heard() -> None:
    """All that was asked of Redis so far is answered."""
    done = redis_link.thread.soon(int)
    assert done is not None and done.result(5) is not None


def test_as_many_as_there_are_and_no_more(live_redis: Any) -> None:
    assert [limits.take(FIVE, "a") for _n in range(7)] == [True] * 5 + [False] * 2
    assert limits.is_spent(FIVE, "a") and not limits.is_spent(FIVE, "b")
    assert limits.take(Limit("another", 5, 60), "a")


def test_to_look_counts_nothing(live_redis: Any) -> None:
    assert not any(limits.is_spent(FIVE, "a") for _n in range(20))
    heard()
    assert limits.take(FIVE, "a")


def test_what_another_process_counted_is_heard_of(live_redis: Any) -> None:
    assert all(limits.take(FIVE, "a") for _n in range(5))
    heard()
    limits.forget()
    assert not limits.is_spent(FIVE, "a"), "which asks"
    heard()
    assert limits.is_spent(FIVE, "a") and not limits.take(FIVE, "a")


def test_what_is_left_is_what_all_processes_left(live_redis: Any) -> None:
    assert all(limits.take(FIVE, "a") for _n in range(3)) and limits.left(FIVE, "a") == 2
    heard()
    limits.forget()
    assert limits.left(FIVE, "a") == 5, "which asks"
    heard()
    assert limits.left(FIVE, "a") == 2 and limits.take(FIVE, "a") and limits.left(FIVE, "a") == 1
    heard()
    assert limits.left(FIVE, "a") == 1


@pytest.mark.parametrize(("later", "left"), [(50, 2), (62, 5)])
def test_what_redis_said_holds_until_the_oldest_is_out_of_the_window(
    live_redis: Any, monkeypatch: pytest.MonkeyPatch, later: int, left: int
) -> None:
    ahead = [0.0]
    monkeypatch.setattr(limits.time, "monotonic", lambda: perf_counter() + ahead[0])
    assert all(limits.take(FIVE, "a") for _n in range(3))
    heard()
    limits.forget()
    assert not limits.is_spent(FIVE, "a"), "which asks"
    heard()
    ahead[0] = later
    assert limits.left(FIVE, "a") == left


def test_window_slides(live_redis: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    quick, ahead = Limit("quick", 2, 10), [0.0]
    monkeypatch.setattr(limits.time, "monotonic", lambda: perf_counter() + ahead[0])
    assert limits.take(quick, "a") and limits.take(quick, "a") and not limits.take(quick, "a")
    heard()
    key = live_redis.keys("evenkeel:limit:*")[0]
    oldest = live_redis.zrange(key, 0, 0)[0]
    live_redis.zincrby(key, -10_000, oldest)
    ahead[0] = 11
    assert limits.take(quick, "a")
    heard()
    assert live_redis.zcard(key) == 2 and limits.is_spent(quick, "a")


def test_refused_tries_do_not_prolong_it(live_redis: Any) -> None:
    for _n in range(50):
        limits.take(FIVE, "a")
    heard()
    key = live_redis.keys("evenkeel:limit:*")[0]
    assert live_redis.zcard(key) == 5 and 0 < live_redis.pttl(key) <= 60_000


def test_redis_holds_no_address_and_no_name(live_redis: Any) -> None:
    limits.take(FIVE, "10.11.12.13")
    heard()
    keys = list(live_redis.scan_iter())
    assert keys and not [key for key in keys if b"10.11" in key or b"test" in key]


def test_without_redis_this_process_counts(no_redis: list[int]) -> None:
    assert [limits.take(FIVE, "a") for _n in range(7)] == [True] * 5 + [False] * 2
    assert limits.is_spent(FIVE, "a") and limits.take(FIVE, "b")
    heard()
    assert len(no_redis) == 1, "and leaves Redis alone for a second"


def test_nobody_waits_for_a_redis_that_is_frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    thaws = threading.Event()
    monkeypatch.setattr(redis.Redis, "eval", lambda *words: thaws.wait(20))
    assert all(limits.take(FIVE, "a") for _n in range(5)) and not limits.take(FIVE, "a")
    assert not thaws.is_set()
    thaws.set()


def test_memory_of_this_process_is_bounded(no_redis: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_KEPT", 10)
    for number in range(100):
        limits.take(FIVE, number)
    heard()
    assert len(limits._known) == 10


def test_two_processes_count_together(live_redis: Any, valkey_url: str) -> None:
    env = {**os.environ, "REDIS_URL": valkey_url, "DJANGO_SETTINGS_MODULE": "clinic.settings"}
    run = [
        subprocess.Popen(
            [sys.executable, "-c", OTHER_PROCESS],
            cwd=ROOT, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
        )
        for _n in range(2)
    ]  # fmt: skip
    said = []
    for number in range(12):
        one = run[number % 2]
        assert one.stdin and one.stdout
        one.stdin.write("again\n")
        said.append(one.stdout.readline().strip() == "True")
    for one in run:
        one.communicate(timeout=60)
    assert said[:5] == [True] * 5 and not any(said[7:]), "one more a process at most"
