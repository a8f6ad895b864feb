"""Jobs that failed, by cause: which job, and what kind of error. Never the error's text: it may quote a row."""

from __future__ import annotations

import json
import zlib
from collections import Counter
from contextlib import suppress
from typing import Any, NamedTuple

import redis
from rq.exceptions import InvalidJobOperation, NoSuchJobError
from rq.job import Job

from realtime import job_queues, redis_link

# Of each queue, the newest: enough to see the causes, and little enough to read every few seconds.
MOST = 500
UNKNOWN = "unknown"
KIND = "error"


class Cause(NamedTuple):
    """`job`: the function's name; `error`: the exception's. UNKNOWN where the worker died before it could say."""

    queue: str
    job: str
    error: str


def remember_kind(job: Job, kind: type[BaseException]) -> None:
    """Keeps the kind of error beside the job. Raises redis.RedisError."""
    job.meta[KIND] = kind.__name__
    job.save_meta()  # type: ignore[no-untyped-call]


def groups() -> list[tuple[Cause, int]]:
    """The causes with how many jobs each, the most first. Raises redis.RedisError."""
    return Counter(cause for cause, _id in _failed()).most_common()


def of(cause: Cause) -> list[str]:
    """The ids of the jobs that failed by this cause. Raises redis.RedisError."""
    return [job_id for found, job_id in _failed() if found == cause]


class Interrupted(redis.RedisError):
    """Redis went away in the middle: `done` are back in their queue, of `left` it is not known."""

    def __init__(self, done: int, left: int) -> None:
        super().__init__(f"{done} done, {left} left")
        self.done, self.left = done, left


def retry(queue: str, ids: list[str]) -> int:
    """Puts these back in their queue; how many were still there to put.

    Raises Interrupted, or another redis.RedisError when none was put back.
    """
    registry, done = job_queues.get(queue).failed_job_registry, 0
    for place, job_id in enumerate(ids):
        try:
            registry.requeue(job_id)
            done += 1
        except (InvalidJobOperation, NoSuchJobError):
            # Somebody was first, or its week was over.
            continue
        except redis.RedisError as error:
            if not done:
                raise
            raise Interrupted(done, len(ids) - place) from error
    return done


def _failed() -> list[tuple[Cause, str]]:
    client = redis_link.client()
    with client.pipeline(transaction=False) as pipe:
        for name in job_queues.NAMES:
            pipe.zrevrange(job_queues.get(name).failed_job_registry.key, 0, MOST - 1)
        listed = pipe.execute()
    ids = [(name, one.decode()) for name, ones in zip(job_queues.NAMES, listed, strict=True) for one in ones]
    with client.pipeline(transaction=False) as pipe:
        for _name, job_id in ids:
            pipe.hmget(Job.key_for(job_id), "data", "meta")
        kept = pipe.execute()
    return [(Cause(name, *_read(*said)), job_id) for (name, job_id), said in zip(ids, kept, strict=True)]


def _read(data: bytes | None, meta: bytes | None) -> tuple[str, str]:
    """The function's name and the kind of error, as far as they can be read."""
    job = error = UNKNOWN
    with suppress(ValueError, zlib.error, TypeError, IndexError):
        function: Any = json.loads(zlib.decompress(data or b""))[0]
        job = str(function).rpartition(".")[2]
    with suppress(ValueError, TypeError):
        error = str(json.loads(meta or b"{}").get(KIND, UNKNOWN))
    return job, error
