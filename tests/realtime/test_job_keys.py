"""Which of RQ's keys nobody needs any more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rq.registry import FailedJobRegistry

from realtime import job_keys, job_queues
from realtime.jobs import fan_out


@pytest.fixture
def queue(live_redis: Any) -> Any:
    job_queues.get.cache_clear()
    yield job_queues.get("low")
    job_queues.get.cache_clear()


def job_of(queue: Any, name: str, days: int, redis: Any) -> str:
    """One that waits, enqueued so many days ago."""
    job_queues.enqueue("low", fan_out, job_id=name)
    at = (datetime.now(UTC) - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    redis.hset(f"rq:job:{name}", mapping={"created_at": at, "enqueued_at": at})
    return name


def test_job_that_waits_is_never_left_over(queue: Any, live_redis: Any) -> None:
    job_of(queue, "waits", 30, live_redis)
    assert job_keys.left_over() == []


def test_job_that_no_queue_names_is_left_over_after_a_week(queue: Any, live_redis: Any) -> None:
    for name, days in (("old", 8), ("young", 6)):
        live_redis.lrem(queue.key, 0, job_of(queue, name, days, live_redis))
    assert job_keys.left_over() == ["old"]
    assert job_keys.drop(["old"]) == 1
    assert job_keys.left_over() == []
    assert live_redis.exists("rq:job:old", "rq:job:young") == 1


def test_job_that_failed_is_left_over_after_a_week_also_where_its_name_alone_is_left(
    queue: Any, live_redis: Any
) -> None:
    failed = FailedJobRegistry(queue=queue)
    for name, days in (("failed", 8), ("lately", 2), ("nameless", 8)):
        live_redis.lrem(queue.key, 0, job_of(queue, name, days, live_redis))
        live_redis.zadd(failed.key, {name: 2e12})
    live_redis.delete("rq:job:nameless")
    assert job_keys.left_over() == ["failed", "nameless"]
    job_keys.drop(job_keys.left_over())
    assert live_redis.zrange(failed.key, 0, -1) == [b"lately"]
