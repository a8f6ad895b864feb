"""The job queues: JSON only, ids only, no retry by RQ, failures kept for a week."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from functools import cache, partial
from typing import Any, NamedTuple

import django_rq
from redis.client import Pipeline
from rq import Queue
from rq.job import Job
from rq.utils import str_to_date

from realtime import redis_link

NAMES = ("notices", "integrations", "default", "low", "ill")
RESULT_SECONDS = 600
FAILURE_SECONDS = 7 * 24 * 3600
CLAIM_SECONDS = 3600
HOUR = 3600


class Standing(NamedTuple):
    """Of one job queue. `oldest_seconds`: how long the first in line has waited; None when none waits."""

    depth: int
    oldest_seconds: float | None
    in_flight: int
    failed_last_hour: int


class Ended(NamedTuple):
    """How many jobs of one queue ended in some stretch of time."""

    finished: int
    failed: int


@cache
def get(name: str) -> Queue:
    """This process's queue object: made once, since each new one would open a connection."""
    queue: Queue = django_rq.get_queue(name, connection=redis_link.client(), commit_mode="auto")
    return queue


def enqueue(
    name: str,
    job: Callable[..., Any],
    *ids: int | str,
    pipeline: Pipeline | None = None,
    job_id: str | None = None,
) -> None:
    """Enqueues now, or with `pipeline`. Raises redis.RedisError; for jobs and the scheduler."""
    lives = {"result_ttl": RESULT_SECONDS, "failure_ttl": FAILURE_SECONDS}
    get(name).enqueue(job, *ids, **lives, retry=None, pipeline=pipeline, job_id=job_id)


def enqueue_once(name: str, job: Callable[..., Any], pk: int) -> bool:
    """Enqueues unless this job for this id waits already, in whatever queue. Raises redis.RedisError.

    The job must say `begun`, first thing. A sweep says it for a job that was lost: one that `waiting` lacks.
    """
    if not redis_link.client().set(_claim(job, pk), 1, nx=True, ex=CLAIM_SECONDS):
        return False
    enqueue(name, job, pk, job_id=f"{job.__name__}-{pk}-{secrets.token_hex(6)}")
    return True


def waiting(job: Callable[..., Any]) -> set[int]:
    """The ids for which this job waits in any queue. Raises redis.RedisError."""
    names = [name for queue in NAMES for name in get(queue).job_ids if name.startswith(f"{job.__name__}-")]
    return {int(name.split("-")[1]) for name in names}


def enqueue_once_soon(name: str, job: Callable[..., Any], pk: int) -> None:
    """As `enqueue_once`, from the Redis thread, soon: it may be lost."""
    redis_link.thread.soon(partial(enqueue_once, name, job, pk))


def begun(job: Callable[..., Any], pk: int) -> None:
    """What is asked for from now on is not what this job is about to see: it may be enqueued again."""
    redis_link.client().delete(_claim(job, pk))


def _claim(job: Callable[..., Any], pk: int) -> str:
    return f"evenkeel:waiting:{job.__name__}:{pk}"


def standing() -> dict[str, Standing]:
    """How each queue stands now, in two round trips. Raises redis.RedisError."""
    now = time.time()
    with redis_link.client().pipeline(transaction=False) as pipe:
        for name in NAMES:
            queue = get(name)
            pipe.llen(queue.key)
            pipe.lindex(queue.key, 0)
            # What a dead worker left stays in this registry, past its end, until somebody cleans it.
            pipe.zcount(queue.started_job_registry.key, now, "+inf")
            pipe.zcount(queue.failed_job_registry.key, now - HOUR + FAILURE_SECONDS, "+inf")
        found = pipe.execute()
    parts = [found[start : start + 4] for start in range(0, len(found), 4)]
    began = _enqueued_at([first for _depth, first, _in_flight, _failed in parts])
    return {
        name: Standing(depth, max(0.0, now - at) if at else None, in_flight, failed)
        for name, (depth, _first, in_flight, failed), at in zip(NAMES, parts, began, strict=True)
    }


def ended(since: float, until: float) -> dict[str, Ended]:
    """How many jobs ended between these epoch seconds, by queue; back to RESULT_SECONDS. Raises redis.RedisError.

    RQ's registries order what has ended by when it will be forgotten.
    """
    with redis_link.client().pipeline(transaction=False) as pipe:
        for name in NAMES:
            queue = get(name)
            for registry, kept in (
                (queue.finished_job_registry, RESULT_SECONDS),
                (queue.failed_job_registry, FAILURE_SECONDS),
            ):
                pipe.zcount(registry.key, since + kept, f"({until + kept}")
        found = pipe.execute()
    return {name: Ended(*found[2 * n : 2 * n + 2]) for n, name in enumerate(NAMES)}


def _enqueued_at(first: list[bytes | None]) -> list[float | None]:
    """When these jobs were enqueued, in epoch seconds; None for none, or for one that has just been taken."""
    with redis_link.client().pipeline(transaction=False) as pipe:
        for name in first:
            pipe.hget(Job.key_for(name.decode() if name else "-"), "enqueued_at")
        return [str_to_date(at).timestamp() if at else None for at in pipe.execute()]
