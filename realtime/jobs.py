"""The fan-out: tells screens of changed topics through Ably, and by Channels whatever Ably did not take."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from typing import Any

import redis

from realtime import job_queues, redis_link
from realtime.dirty import Dirty
from realtime.models import Topic
from realtime.transports import ably
from realtime.transports.base import Notice, Outcome
from realtime.transports.channels import ChannelsTransport
from realtime.vendor_path import VendorPath

logger = logging.getLogger(__name__)

COUNTS = "evenkeel:notices"
PROBLEMS_KEPT = 5
# One job's share, in seconds: far under RQ's limit for a job. What is dirty then is the next job's.
LONGEST = 10.0

Record = dict[str, list[str]]


def fan_out() -> Record:
    """Sends every dirty topic's newest version, once.

    Returns the job's record: `{"ably": [topic, ...], "channels": [...], "nobody": [...], "problems": [text]}`.
    Nothing is retried: a screen that missed it looks at the database's version within a second or two.
    """
    dirty, record = Dirty(redis_link.client()), _new_record()
    end = time.monotonic() + LONGEST
    while time.monotonic() < end and (fence := dirty.take_lease()):
        _drain(dirty, fence, end, record)
        if dirty.is_empty():
            return record
    sweep()
    return record


def announce_dirty(topic: str) -> None:
    """For the Redis thread: marks a topic, and enqueues the one fan-out job if none waits."""
    if Dirty(redis_link.client()).mark(topic):
        _enqueue_claimed()


def sweep() -> bool:
    """For the scheduler: a job for topics that a dead worker left behind. Whether one was needed."""
    return Dirty(redis_link.client()).wants_job() and _enqueue_claimed()


def _enqueue_claimed() -> bool:
    dirty = Dirty(redis_link.client())
    return dirty.use_claim(lambda pipeline: job_queues.enqueue("notices", fan_out, pipeline=pipeline))


def _drain(dirty: Dirty, fence: int, end: float, record: Record) -> None:
    path = VendorPath(dirty, fence)
    try:
        while time.monotonic() < end and (names := dirty.drain(fence, ably.MOST_TOPICS)):
            _send(_newest(names), path, record)
    finally:
        path.close()
        dirty.release(fence)


def _new_record() -> Record:
    return {"ably": [], "channels": [], "nobody": [], "problems": []}


def _newest(names: Sequence[str]) -> list[Notice]:
    return [Notice(*row) for row in Topic.objects.filter(name__in=names).values_list("name", "version")]


def _send(notices: Sequence[Notice], path: VendorPath, record: Record) -> None:
    if not notices:
        return
    outcome = path.send(notices)
    _write_down(record, "ably", outcome)
    rest = [notice for notice in notices if notice.topic not in outcome.confirmed]
    if rest:
        fallback = ChannelsTransport().send(rest)
        _write_down(record, "channels", fallback)
        lost = frozenset(notice.topic for notice in rest) - fallback.confirmed
        _write_down(record, "nobody", Outcome(lost))


def _write_down(record: Record, path: str, outcome: Outcome) -> None:
    record[path] += sorted(outcome.confirmed)
    if outcome.problem and outcome.problem not in record["problems"]:
        record["problems"] = (record["problems"] + [outcome.problem])[-PROBLEMS_KEPT:]
        logger.info("fan-out by %s: %s", path, outcome.problem)
    if outcome.confirmed:
        _count(path, outcome.confirmed)


def _count(path: str, topics: frozenset[str]) -> None:
    try:
        with redis_link.client().pipeline(transaction=False) as pipe:
            for topic in topics:
                pipe.hincrby(COUNTS, f"{path}:{topic}", 1)
            pipe.execute()
    except redis.RedisError as error:
        # What was not counted must still be sent.
        logger.warning("notices by %s not counted: %s", path, type(error).__name__)


def counts() -> dict[str, int]:
    """Notices so far, by path and topic: `{"ably:TOPIC": n, "channels:TOPIC": n}`. Raises redis.RedisError."""
    found: Any = redis_link.client().hgetall(COUNTS)
    return {key.decode(): int(value) for key, value in found.items()}


def sent() -> dict[str, int]:
    """As `counts`, by path alone: `{"ably": n, "channels": n}`."""
    totals: dict[str, int] = {}
    for name, count in counts().items():
        path = name.partition(":")[0]
        totals[path] = totals.get(path, 0) + count
    return totals
