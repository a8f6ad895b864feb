"""Failed jobs by cause, as the pools' own worker leaves them; no text of an error is among it."""

from __future__ import annotations

from typing import Any

import pytest

from clinic.running.worker import PoolWorker
from realtime import failures, job_queues
from realtime.failures import Cause

# What a database says of a row.
TEXT = "DETAIL: Key (family_name)=(Plantedfamily) already exists"


def fail() -> None:
    raise ValueError(TEXT)


def fail_otherwise() -> None:
    raise LookupError(TEXT)


# A worker looks at its database connections around each job.
pytestmark = pytest.mark.django_db


def succeed() -> None:
    pass


@pytest.fixture
def work(live_redis: Any) -> Any:
    def work() -> None:
        queues = [job_queues.get(name) for name in job_queues.NAMES]
        worker = PoolWorker(queues, connection=live_redis, serializer=queues[0].serializer)
        worker.work(burst=True)

    return work


LOW = Cause("low", "fail", "ValueError")


def test_causes_are_counted_the_most_first(work: Any) -> None:
    for name, job in (("low", fail_otherwise), ("low", fail), ("low", fail), ("default", fail), ("low", succeed)):
        job_queues.enqueue(name, job)
    work()
    found = failures.groups()
    assert found[0] == (LOW, 2)
    assert sorted(found[1:]) == [
        (Cause("default", "fail", "ValueError"), 1),
        (Cause("low", "fail_otherwise", "LookupError"), 1),
    ]
    assert "Planted" not in str(found)


def test_retry_of_a_cause_leaves_the_others_alone(work: Any) -> None:
    for job in (fail, fail, fail_otherwise):
        job_queues.enqueue("low", job)
    work()
    assert failures.retry("low", failures.of(LOW)) == 2
    assert job_queues.standing()["low"].depth == 2 and failures.groups() == [
        (Cause("low", "fail_otherwise", "LookupError"), 1)
    ]
    work()
    assert failures.groups()[0] == (LOW, 2)


def test_what_somebody_else_retried_is_not_counted(work: Any) -> None:
    job_queues.enqueue("low", fail), job_queues.enqueue("low", fail)
    work()
    ids = failures.of(LOW)
    assert failures.retry("low", ids[:1]) == 1 and failures.retry("low", [*ids, "never-was"]) == 1


def test_job_of_a_worker_that_died_has_no_kind_of_error_and_is_shown(live_redis: Any) -> None:
    live_redis.zadd(job_queues.get("low").failed_job_registry.key, {"a-job": 1})
    assert failures.groups() == [(Cause("low", "unknown", "unknown"), 1)]


def test_nothing_failed_in_an_empty_redis(live_redis: Any) -> None:
    assert failures.groups() == [] and failures.of(LOW) == []
