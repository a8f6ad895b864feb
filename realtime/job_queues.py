"""The job queues: JSON only, ids only, no retry by RQ, failures kept for a week."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import django_rq
from redis.client import Pipeline
from rq import Queue

from realtime import redis_link

NAMES = ("notices", "integrations", "default", "low", "ill")
RESULT_SECONDS = 600
FAILURE_SECONDS = 7 * 24 * 3600
CLAIM_SECONDS = 3600


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


def depths() -> dict[str, int]:
    """Jobs waiting in each queue. Raises redis.RedisError."""
    return {name: get(name).count for name in NAMES}
