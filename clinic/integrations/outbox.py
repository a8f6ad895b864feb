"""Writes what is owed, in the transaction of the change that owes it, and asks for one short job each."""

from __future__ import annotations

from functools import partial

from django.db import transaction

from clinic.integrations import jobs, messages
from clinic.models import Delivery, VisitEvent
from realtime import job_queues


def write(event: VisitEvent) -> list[Delivery]:
    """One row a destination of the clinic. The jobs are a convenience: a sweep finds every row without them."""
    destinations = list(event.visit.clinic.destinations.all())
    if not destinations:
        return []
    text = messages.body(event)
    since = {"created_at": event.at, "next_try_at": event.at}
    rows = [Delivery(destination=d, visit=event.visit, event=event, body=text, **since) for d in destinations]
    Delivery.objects.bulk_create(rows)
    for row in rows:
        after = partial(job_queues.enqueue_soon, row.destination.job_queue, jobs.deliver, row.pk)
        transaction.on_commit(after, robust=True)
    return rows
