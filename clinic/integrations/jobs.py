"""The jobs of the integration engine: one row each, ids only, never a loop."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DatabaseError
from rq import get_current_job

from clinic import clock
from clinic.integrations import engine
from clinic.models import Destination
from realtime import job_queues

MOST_SWEPT = 500


class JobFailed(Exception):
    """The database refused. Says the kind of error only: its text can hold a patient's row, and RQ keeps texts."""


def deliver(pk: int) -> str:
    """Tries one delivery once; asks for a job for the next of the same visit. Returns what became of it."""
    with _without_rows():
        if _moved(pk):
            return "moved"
        row = engine.claim(pk)
        if row is None:
            return "not mine"
        following = engine.attempt(row)
    if following is not None:
        job_queues.enqueue(following.destination.job_queue, deliver, following.pk)
    return "tried"


def sweep() -> int:
    """Asks for a job for every delivery that is due: whatever Redis forgot, or a dead worker held. How many."""
    return _sweep(is_ill=False) + _sweep(is_ill=True)


def _sweep(*, is_ill: bool) -> int:
    """Only into a job queue that has run empty: what still waits there would be asked for again and again."""
    name = Destination(is_ill=is_ill).job_queue
    if job_queues.get(name).count:
        return 0
    rows = engine.due(clock.now()).filter(destination__is_ill=is_ill).order_by("next_try_at", "pk")
    pks = list(rows.values_list("pk", flat=True)[:MOST_SWEPT])
    for pk in pks:
        job_queues.enqueue(name, deliver, pk)
    return len(pks)


def _moved(pk: int) -> bool:
    """Sends a job on whose destination fell ill, or got well, while it waited: the ill hold no healthy worker."""
    job, destination = get_current_job(), Destination.objects.filter(deliveries=pk).first()
    if job is None or destination is None or job.origin == destination.job_queue:
        return False
    job_queues.enqueue(destination.job_queue, deliver, pk)
    return True


@contextmanager
def _without_rows() -> Iterator[None]:
    try:
        yield
    except DatabaseError as error:
        raise JobFailed(type(error).__name__) from None
