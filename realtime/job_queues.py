"""The job queues: JSON only, ids only, no retry by RQ, failures kept for a week."""

from __future__ import annotations

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


@cache
def get(name: str) -> Queue:
    """This process's queue object: made once, since each new one would open a connection."""
    queue: Queue = django_rq.get_queue(name, connection=redis_link.client(), commit_mode="auto")
    return queue


def enqueue(name: str, job: Callable[..., Any], *ids: int | str, pipeline: Pipeline | None = None) -> None:
    """Enqueues now, or with `pipeline`. Raises redis.RedisError; for jobs and the scheduler."""
    lives = {"result_ttl": RESULT_SECONDS, "failure_ttl": FAILURE_SECONDS}
    get(name).enqueue(job, *ids, **lives, retry=None, pipeline=pipeline)


def enqueue_soon(name: str, job: Callable[..., Any], *ids: int | str) -> None:
    """Enqueues from the Redis thread, soon. For what follows a commit: it may be lost, and a sweep finds it."""
    redis_link.thread.soon(partial(enqueue, name, job, *ids))


def depths() -> dict[str, int]:
    """Jobs waiting in each queue. Raises redis.RedisError."""
    return {name: get(name).count for name in NAMES}
