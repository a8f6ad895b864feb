"""The dirty set, the claim on the one waiting job, and the lease, on a real Valkey."""

from __future__ import annotations

from typing import Any

import pytest
import redis
from redis.client import Pipeline

from realtime import redis_link
from realtime.dirty import CLAIM, DIRTY, FENCE, JOB_QUEUE, LEASE, PACE_MS, Dirty


@pytest.fixture
def dirty(live_redis: Any) -> Dirty:
    return Dirty(live_redis)


def push(pipe: Pipeline) -> None:
    pipe.rpush(JOB_QUEUE, "a job")


def test_mark_gives_one_caller_the_claim(dirty: Dirty, live_redis: Any) -> None:
    assert [dirty.mark("a"), dirty.mark("b"), dirty.mark("a", "c")] == [True, False, False]
    assert live_redis.smembers(DIRTY) == {b"a", b"b", b"c"}
    assert 0 < live_redis.pttl(CLAIM) <= 2000


def test_mark_while_a_job_waits_gives_no_claim(dirty: Dirty, live_redis: Any) -> None:
    live_redis.rpush(JOB_QUEUE, "a job")
    assert not dirty.mark("a")
    live_redis.delete(JOB_QUEUE)
    assert dirty.mark("b")


def test_mark_while_a_job_is_in_flight_gives_no_claim(dirty: Dirty) -> None:
    fence = dirty.take_lease()
    assert not dirty.mark("a")
    dirty.release(fence)
    assert dirty.mark("b")


def test_use_claim_enqueues_once_and_gives_it_back(dirty: Dirty, live_redis: Any) -> None:
    dirty.mark("a")
    assert dirty.use_claim(push)
    assert not dirty.use_claim(push)
    assert live_redis.llen(JOB_QUEUE) == 1
    assert not live_redis.exists(CLAIM)


def test_use_claim_that_has_lapsed_enqueues_nothing(dirty: Dirty, live_redis: Any) -> None:
    dirty.mark("a")
    live_redis.delete(CLAIM)
    assert not dirty.use_claim(push)
    assert live_redis.llen(JOB_QUEUE) == 0


def test_use_claim_of_two_who_both_hold_one_enqueues_one(dirty: Dirty, live_redis: Any) -> None:
    def late(pipe: Pipeline) -> None:
        # The claim had lapsed, was given to another, and is used by them at this very moment.
        assert Dirty(live_redis).use_claim(push)
        push(pipe)

    dirty.mark("a")
    assert not dirty.use_claim(late)
    assert live_redis.llen(JOB_QUEUE) == 1


def test_wants_job_only_when_topics_wait_and_nobody_will_send_them(dirty: Dirty, live_redis: Any) -> None:
    assert not dirty.wants_job()
    live_redis.sadd(DIRTY, "a")
    fence = dirty.take_lease()
    assert not dirty.wants_job()
    dirty.release(fence)
    assert dirty.wants_job()
    assert not dirty.wants_job()
    dirty.use_claim(push)
    assert not dirty.wants_job()


def test_take_lease_is_exclusive_and_lapses(dirty: Dirty, live_redis: Any) -> None:
    first = dirty.take_lease()
    assert first
    assert dirty.take_lease() == 0
    assert 0 < live_redis.pttl(LEASE) <= 5000
    live_redis.delete(LEASE)
    assert dirty.take_lease() > first


def test_fence_grows_over_a_flush_and_a_clock_set_back(dirty: Dirty, live_redis: Any) -> None:
    first = dirty.take_lease()
    live_redis.flushall()
    second = dirty.take_lease()
    assert second > first
    live_redis.delete(LEASE)
    live_redis.set(FENCE, second + 10**12)
    assert dirty.take_lease() == second + 10**12 + 1


def test_drain_takes_up_to_most_and_renews_the_lease(dirty: Dirty, live_redis: Any) -> None:
    dirty.mark("a", "b", "c")
    fence = dirty.take_lease()
    live_redis.pexpire(LEASE, 100)
    first = dirty.drain(fence, 2)
    assert live_redis.pttl(LEASE) > 4000
    assert len(first) == 2
    assert sorted(first + dirty.drain(fence, 2)) == ["a", "b", "c"]
    assert dirty.is_empty()


def test_drain_and_release_by_a_late_fence_change_nothing(dirty: Dirty, live_redis: Any) -> None:
    dirty.mark("a")
    late = dirty.take_lease()
    live_redis.delete(LEASE)
    now = dirty.take_lease()
    assert dirty.drain(late, 10) == []
    dirty.release(late)
    assert dirty.take_lease() == 0
    assert dirty.drain(now, 10) == ["a"]


def test_turn_gives_one_request_a_pace(dirty: Dirty) -> None:
    assert dirty.turn() == 0
    assert 0 < dirty.turn() <= PACE_MS / 1000


def test_turn_is_never_longer_than_the_pace_after_a_clock_set_back(dirty: Dirty, live_redis: Any) -> None:
    dirty.turn()
    live_redis.set("evenkeel:fan_out:last", 10**14)
    assert dirty.turn() == PACE_MS / 1000


def test_every_step_raises_a_redis_error_when_it_is_away() -> None:
    away = Dirty(redis_link.client())
    with pytest.raises(redis.RedisError):
        away.mark("a")
    with pytest.raises(redis.RedisError):
        away.take_lease()
    with pytest.raises(redis.RedisError):
        away.use_claim(push)
