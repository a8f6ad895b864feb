"""Writes what is owed, in the transaction of the change that owes it, and asks for a job each destination."""

from __future__ import annotations

import logging

from django.db import transaction

from clinic.integrations import jobs, kinds
from clinic.integrations.triggers import trigger_of
from clinic.models import Delivery, Destination, VisitEvent
from clinic.models.deliveries import GIVE_UP_AFTER, Failure
from clinic.models.destinations import Trigger

logger = logging.getLogger(__name__)


def write(event: VisitEvent, *, from_schedule: bool = False) -> None:
    """One row a destination that wants to hear of it. The jobs are a convenience: a sweep finds rows without.

    What came `from_schedule` is owed to no HL7 destination: that schedule could take the echo of its own message
    for a new booking, answer it, and so on for ever.
    """
    trigger = trigger_of(event)
    if trigger is None:
        return
    destinations = event.visit.clinic.destinations.all()
    if from_schedule:
        destinations = destinations.exclude(kind=Destination.Kind.HL7)
    rows = [row for destination in destinations if (row := _owed(destination, event, trigger))]
    if not rows:
        return
    Delivery.objects.bulk_create(rows)
    # A lambda: Django's report of a robust callback that failed fails itself on a partial.
    transaction.on_commit(lambda: _ask_for_jobs(rows), robust=True)


def _owed(destination: Destination, event: VisitEvent, trigger: Trigger) -> Delivery | None:
    """The row, or None when the destination does not want to hear of it.

    A message that cannot be made must not keep a patient from checking in: its row waits for somebody to look.
    """
    since = {"created_at": event.at, "next_try_at": event.at, "give_up_at": event.at + GIVE_UP_AFTER}
    row = Delivery(destination=destination, visit=event.visit, event=event, **since)
    try:
        body = kinds.compose(destination, event, trigger, row.key)
    except Exception as error:
        about = {"destination": destination.pk, "delivery": row.key, "visit": event.visit.public_id}
        logger.exception("no message could be made of event %s", event.pk, extra=about)
        row.state, row.last_failure = Delivery.State.DEAD, Failure.SETUP
        row.last_error = f"the message could not be made: {type(error).__name__}"
        return row
    if body is None:
        return None
    row.body = body
    return row


def _ask_for_jobs(rows: list[Delivery]) -> None:
    for row in rows:
        if row.state == Delivery.State.PENDING:
            jobs.ask_soon(row.destination)
