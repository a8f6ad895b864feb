"""The jobs of the integration engine: one message of one destination each, ids only, never a loop.

A destination has one job waiting at most, which asks for the next when it is done. So a backlog takes its turn
among the others, message by message, and a thousand new events of one clinic fill no job queue.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import redis
from django.db import DatabaseError
from rq import get_current_job

from clinic import clock
from clinic.integrations import engine, results
from clinic.models import Delivery, Destination
from realtime import deadline, job_queues

logger = logging.getLogger(__name__)


class JobFailed(Exception):
    """The database refused. Says the kind of error only: its text can hold a patient's row, and RQ keeps texts."""


def ask(destination: Destination) -> bool:
    """Enqueues the destination's job unless one waits. Raises redis.RedisError."""
    return job_queues.enqueue_once(destination.job_queue, deliver, destination.pk)


def ask_soon(destination: Destination) -> None:
    """As `ask`, after a commit, and without waiting for Redis: it may be lost, and a sweep finds the rows."""
    job_queues.enqueue_once_soon(destination.job_queue, deliver, destination.pk)


def deliver(destination_pk: int) -> str:
    """Tries the destination's next delivery once, and asks for the next. Returns what became of it."""
    with _without_redis():
        job_queues.begun(deliver, destination_pk)
    job = get_current_job()
    with _without_rows():
        try:
            row = engine.claim(destination_pk, job.origin if job else None)
        except engine.AskAgain as again:
            _ask_on(again.destination)
            return "again"
        if row is None:
            return "nothing"
        _try(row)
        if engine.has_more(row):
            _ask_on(row.destination)
        return "tried"


def _try(row: Delivery) -> None:
    try:
        results.settle(engine.attempt(row))
    except deadline.Exhausted:
        # This process ends after this job; the next one takes it up.
        Delivery.objects.filter(pk=row.pk, fence=row.fence).update(leased_until=None)


def _ask_on(destination: Destination) -> None:
    with _without_redis():
        ask(destination)


def sweep() -> int:
    """Gives up what is too old, and asks for a job for every destination that something is due for. How many.

    It finds whatever Redis forgot, or a dead worker held. Raises redis.RedisError.
    """
    results.expire()
    asked, waiting = 0, job_queues.waiting(deliver)
    for destination in engine.ready(clock.now()):
        if destination.pk not in waiting:
            # Of a job that was lost, the claim may still stand.
            job_queues.begun(deliver, destination.pk)
            asked += ask(destination)
    return asked


@contextmanager
def _without_redis() -> Iterator[None]:
    """Redis may go away in the middle: what is done stays done, and a sweep asks again."""
    try:
        yield
    except redis.RedisError as error:
        logger.warning("no job could be asked for: %s", type(error).__name__)


@contextmanager
def _without_rows() -> Iterator[None]:
    try:
        yield
    except DatabaseError as error:
        raise JobFailed(type(error).__name__) from None
