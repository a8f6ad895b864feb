"""Claims the next delivery of a destination, sends it once, and hands on how it went. All state is in rows.

A destination has one call in flight, whoever makes it: its row is locked while one is chosen, or, where rows
cannot be, the one statement that claims looks once more. Order is kept for each visit: a delivery may go only when
no earlier one of its visit waits or was given up. A claim is a lease with a fencing number: a worker back from the
dead cannot overwrite the next.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from clinic import clock, sealed
from clinic.counted import TRIES
from clinic.integrations import addresses, budget, guard, kinds
from clinic.integrations.parcel import NotDelivered, Parcel
from clinic.models import Delivery, Destination, RemoteRecord
from clinic.models.deliveries import Failure
from realtime import deadline
from realtime.counted import MISSES

logger = logging.getLogger(__name__)

LEASE_MARGIN = timedelta(seconds=30)
# In the healthy pool a call is cut here, and goes on among the ill.
CUT_SECONDS = 1.0
NEW = timedelta(minutes=1)
_HELD = [Delivery.State.PENDING, Delivery.State.DEAD]


class AskAgain(Exception):
    """Its job must come again: the destination fell ill or got well while it waited, or its row is held just now.

    Who holds it may have looked too early to see what this job was asked for.
    """

    def __init__(self, destination: Destination) -> None:
        super().__init__(destination.job_queue)
        self.destination = destination


@dataclass(frozen=True)
class Attempt:
    """How a try went. `problem` is None when it was taken; `seconds`: how long it took.

    `remote`: all that the destination calls of this visit's, if something of it is new.
    """

    row: Delivery
    problem: NotDelivered | None
    seconds: float
    remote: dict[str, str]


def due(now: datetime) -> QuerySet[Delivery]:
    """Deliveries that may be tried now: due, not claimed, first of their visit at their destination."""
    earlier = Delivery.objects.filter(
        destination=OuterRef("destination"), visit=OuterRef("visit"), state__in=_HELD, pk__lt=OuterRef("pk")
    )
    return Delivery.objects.filter(
        ~Exists(earlier),
        Q(leased_until=None) | Q(leased_until__lt=now),
        state=Delivery.State.PENDING,
        next_try_at__lte=now,
    )


def ready(now: datetime) -> QuerySet[Destination]:
    """Destinations that something is due for, that nobody calls now, and that may be called."""
    in_flight = _in_flight(Delivery.objects.filter(destination=OuterRef("pk")), now)
    return Destination.objects.filter(
        Q(next_probe_at=None) | Q(next_probe_at__lte=now),
        Exists(due(now).filter(destination=OuterRef("pk"))),
        ~Exists(in_flight),
        is_paused=False,
    )


def _in_flight(rows: QuerySet[Delivery], now: datetime) -> QuerySet[Delivery]:
    return rows.filter(state=Delivery.State.PENDING, leased_until__gte=now)


def claim(destination_pk: int, job_queue: str | None = None) -> Delivery | None:
    """The destination's next delivery, leased to this worker: new ones before a backlog, each in its order.

    None when there is none, or when the destination is paused, being called, or not to be called yet. Raises
    AskAgain when the destination is not served by this job queue, if one is named.
    """
    if not connection.features.has_select_for_update:
        # One conditional statement decides: a database with one writer is not held up by what is only read.
        return _choose(Destination.objects.filter(pk=destination_pk).first(), job_queue)
    with transaction.atomic():
        # NO KEY: a check-in that owes this destination a row at this moment does not stand in the way.
        locked = Destination.objects.select_for_update(skip_locked=True, no_key=True)
        found = locked.filter(pk=destination_pk).first()
        if found is None and (held := Destination.objects.filter(pk=destination_pk).first()) is not None:
            raise AskAgain(held)
        return _choose(found, job_queue)


def _choose(found: Destination | None, job_queue: str | None) -> Delivery | None:
    if found is None or found.is_paused:
        return None
    if job_queue not in (None, found.job_queue):
        raise AskAgain(found)
    now = clock.now()
    if not _may_be_called(found, now):
        return None
    # One that must wait for its repeat lets the next one pass.
    while (row := _next(found, now)) is not None and not budget.allows(found, row, now):
        pass
    return _lease(row, found, now) if row is not None else None


def has_more(row: Delivery) -> bool:
    """After a try: whether something else is due for its destination, and may be sent now."""
    destination, now = row.destination, clock.now()
    if destination.is_paused or not _may_be_called(destination, now):
        return False
    return row.is_followed or due(now).filter(destination=destination).exists()


def _may_be_called(destination: Destination, now: datetime) -> bool:
    return destination.next_probe_at is None or destination.next_probe_at <= now


def _next(destination: Destination, now: datetime) -> Delivery | None:
    rows = due(now).filter(destination=destination).order_by("created_at", "pk")
    found = list(rows[:2])
    if found and found[0].created_at < now - NEW:
        found = list(rows.filter(created_at__gte=now - NEW)[:1]) + found
    if not found:
        return None
    found[0].is_followed = len(found) > 1
    return found[0]


def _lease(row: Delivery, destination: Destination, now: datetime) -> Delivery | None:
    """None when something has changed since it was chosen, or another one is on its way there."""
    changes = {
        "leased_until": now + timedelta(seconds=destination.seconds) + LEASE_MARGIN,
        "fence": row.fence + 1,
        "attempts": row.attempts + 1,
        "first_tried_at": row.first_tried_at or now,
    }
    in_flight = _in_flight(Delivery.objects.filter(destination=OuterRef("destination")), now)
    if not due(now).filter(~Exists(in_flight), pk=row.pk, fence=row.fence).update(**changes):
        return None
    for name, value in changes.items():
        setattr(row, name, value)
    row.destination = destination
    return row


def attempt(row: Delivery) -> Attempt:
    """Sends a claimed delivery once. Never raises what the peer did; writes nothing.

    Raises deadline.Exhausted when this process may begin no further call.
    """
    destination = row.destination
    seconds = float(destination.seconds if destination.is_ill else min(CUT_SECONDS, destination.seconds))
    known = _remote(row)
    parcel = Parcel(row.key, row.body, destination, seconds, dict(known))
    began = monotonic()
    problem = send(parcel)
    seconds, learned = monotonic() - began, dict(parcel.remote)
    TRIES.count(str(destination.pk), problem.failure if problem else "taken")
    return Attempt(row, problem, seconds, learned if learned != known else {})


def _remote(row: Delivery) -> dict[str, str]:
    if row.destination.kind != Destination.Kind.FHIR:
        return {}
    record = RemoteRecord.objects.filter(destination=row.destination, visit=row.visit_id).first()
    return dict(record.ids) if record else {}


def send(parcel: Parcel) -> NotDelivered | None:
    """One call under its deadline, only to addresses that may be called; the problem, or None."""
    sender = kinds.SENDERS[parcel.destination.kind]
    try:
        guard.reach(parcel.destination, parcel.seconds, lambda: sender.send(parcel))
    except deadline.Exhausted:
        raise
    except Exception as error:
        return _problem(error, parcel.key, parcel.seconds)
    return None


def _problem(error: Exception, key: str, seconds: float) -> NotDelivered:
    if isinstance(error, NotDelivered):
        return error
    if isinstance(error, deadline.DeadlineMissed):
        MISSES.count("destination")
        return NotDelivered(Failure.NO_ANSWER, f"no answer within {seconds:g} s")
    if isinstance(error, addresses.NotAllowed | sealed.Unreadable):
        return NotDelivered(Failure.SETUP, str(error))
    # Of this message, as far as we know: it waits and ends as for any failure, and the others go on.
    logger.error("could not be sent: %s", type(error).__name__, exc_info=error, extra={"delivery": key})
    return NotDelivered(Failure.ERROR, f"could not be sent: {type(error).__name__}")
