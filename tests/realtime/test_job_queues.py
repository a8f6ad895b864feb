"""How the job queues stand, and their last hour, by RQ's own books on a real Valkey."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import pytest
import redis
from rq import SimpleWorker
from rq.job import Job
from rq.registry import StartedJobRegistry
from rq.serializers import JSONSerializer

from realtime import job_queues, queue_history
from realtime.job_queues import Ended, Standing
from realtime.queue_history import Minute
from tests.waiting import until

NOTHING = Standing(0, None, 0, 0)


def work(*names: str) -> None:
    """Does all that waits in these queues."""
    queues = [job_queues.get(name) for name in names]
    SimpleWorker(queues, connection=queues[0].connection, serializer=JSONSerializer).work(burst=True)


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """What time it is for who keeps the minutes, in epoch seconds: half past one."""
    # Jobs end by the real clock: in the same minute.
    until(lambda: time.time() % 60 < 57)
    clock = SimpleNamespace(now=time.time() // 60 * 60 + 30)
    monkeypatch.setattr(queue_history, "time", SimpleNamespace(time=lambda: clock.now))
    return clock


def grow_old(live_redis: Any, name: str, seconds: float) -> None:
    """The first in line was enqueued so long ago."""
    first = live_redis.lindex(job_queues.get(name).key, 0).decode()
    live_redis.hset(
        Job.key_for(first),
        "enqueued_at",
        time.strftime("%Y-%m-%dT%H:%M:%S.0Z", time.gmtime(time.time() - seconds)),
    )


def test_nothing_waits_in_any_queue_of_an_empty_redis(live_redis: Any) -> None:
    assert job_queues.standing() == dict.fromkeys(job_queues.NAMES, NOTHING)


def test_depth_and_age_of_the_first_in_line(live_redis: Any) -> None:
    for _n in range(3):
        job_queues.enqueue("low", time.time)
    grow_old(live_redis, "low", 90)
    found = job_queues.standing()
    assert found["low"].depth == 3 and found["notices"] == NOTHING
    assert found["low"].oldest_seconds == pytest.approx(90, abs=2)


def test_first_in_line_that_has_just_been_taken_has_no_age(live_redis: Any) -> None:
    live_redis.rpush(job_queues.get("low").key, "gone")
    assert job_queues.standing()["low"] == Standing(1, None, 0, 0)


def test_failures_of_the_last_hour_are_counted_and_older_ones_not(live_redis: Any) -> None:
    job_queues.enqueue("low", time.strftime, 7), job_queues.enqueue("low", time.strftime, 7)
    work("low")
    assert job_queues.standing()["low"].failed_last_hour == 2
    registry = job_queues.get("low").failed_job_registry
    live_redis.zadd(registry.key, {registry.get_job_ids()[0]: time.time() + job_queues.FAILURE_SECONDS - 3700})
    assert job_queues.standing()["low"].failed_last_hour == 1


def test_job_in_flight_is_counted_until_its_worker_must_be_dead(live_redis: Any) -> None:
    registry: StartedJobRegistry = job_queues.get("low").started_job_registry
    live_redis.zadd(registry.key, {"a:1": time.time() + 60, "b:1": time.time() - 1})
    assert job_queues.standing()["low"].in_flight == 1


def test_jobs_that_ended_are_counted_by_when(live_redis: Any) -> None:
    began = time.time()
    job_queues.enqueue("low", time.time), job_queues.enqueue("low", time.strftime, 7)
    work("low")
    assert job_queues.ended(began - 1, time.time() + 1)["low"] == Ended(1, 1)
    assert job_queues.ended(began - 60, began - 1)["low"] == Ended(0, 0)


def test_minutes_that_nobody_kept_are_missing_and_not_zero(live_redis: Any, at: SimpleNamespace) -> None:
    queue_history.keep()
    at.now += 120
    queue_history.keep()
    minutes = queue_history.last_hour()["low"]
    assert len(minutes) == 60
    assert minutes[-3:] == [Minute(0, 0, 0, 0, 0), None, Minute(0, 0, 0, 0, 0)] and set(minutes[:-3]) == {None}


def test_worst_moment_of_a_minute_is_kept(live_redis: Any, at: SimpleNamespace) -> None:
    job_queues.enqueue("low", time.time), job_queues.enqueue("low", time.time)
    grow_old(live_redis, "low", 75)
    queue_history.keep()
    work("low")
    queue_history.keep()
    minute = queue_history.last_hour()["low"][-1]
    assert minute is not None and (minute.depth, minute.left, minute.finished, minute.failed) == (2, 0, 2, 0)
    assert minute.waited in (75, 76)


def test_what_ends_after_the_last_look_of_a_minute_is_added_by_the_next(
    live_redis: Any, at: SimpleNamespace
) -> None:
    queue_history.keep()
    job_queues.enqueue("low", time.time)
    work("low")
    at.now += 60
    queue_history.keep()
    before, now = queue_history.last_hour()["low"][-2:]
    assert (before, now) == (Minute(0, 0, 0, 1, 0), Minute(0, 0, 0, 0, 0))


def test_minutes_older_than_an_hour_are_let_go(live_redis: Any, at: SimpleNamespace) -> None:
    for _minute in range(64):
        queue_history.keep()
        at.now += 60
    assert live_redis.hlen(queue_history.PREFIX + "low") <= 61
    assert 0 < live_redis.ttl(queue_history.PREFIX + "low") <= queue_history.KEEP_SECONDS


def test_redis_that_is_away_is_an_error_to_all_who_ask() -> None:
    for ask in (job_queues.standing, queue_history.keep, queue_history.last_hour):
        with pytest.raises(redis.RedisError):
            ask()
