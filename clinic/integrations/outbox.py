"""Writes what is owed, in the transaction of the change that owes it, and asks for one short job each."""

from __future__ import annotations

from django.db import transaction

from clinic.integrations import jobs, messages
from clinic.models import Delivery, VisitEvent
from clinic.states import HISTORY_ONLY
from realtime import job_queues


def write(event: VisitEvent) -> None:
    """One row a destination of the clinic. The jobs are a convenience: a sweep finds every row without them."""
    if event.verb in HISTORY_ONLY:
        return
    destinations = list(event.visit.clinic.destinations.all())
    if not destinations:
        return
    text = messages.body(event)
    since = {"created_at": event.at, "next_try_at": event.at}
    rows = [Delivery(destination=d, visit=event.visit, event=event, body=text, **since) for d in destinations]
    Delivery.objects.bulk_create(rows)
    # A lambda: Django's report of a robust callback that failed fails itself on a partial.
    transaction.on_commit(lambda: _ask_for_jobs(rows), robust=True)


def _ask_for_jobs(rows: list[Delivery]) -> None:
    for row in rows:
        job_queues.enqueue_soon(row.destination.job_queue, jobs.deliver, row.pk)
