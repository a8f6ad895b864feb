"""The jobs of the integration engine: one row each, ids only, never a loop."""

from __future__ import annotations

from django.utils import timezone

from clinic.integrations import engine
from realtime import job_queues

MOST_SWEPT = 500


def deliver(pk: int) -> str:
    """Tries one delivery once; asks for a job for the next of the same visit. Returns what became of it."""
    row = engine.claim(pk)
    if row is None:
        return "not mine"
    following = engine.attempt(row)
    if following is not None:
        job_queues.enqueue(following.destination.job_queue, deliver, following.pk)
    return "tried"


def sweep() -> int:
    """Asks for a job for every delivery that is due: whatever Redis forgot, or a dead worker held. How many."""
    rows = engine.due(timezone.now()).select_related("destination").order_by("next_try_at")[:MOST_SWEPT]
    waiting = job_queues.depths()
    count = 0
    for row in rows:
        if waiting[row.destination.job_queue] == 0:
            job_queues.enqueue(row.destination.job_queue, deliver, row.pk)
            count += 1
    return count
