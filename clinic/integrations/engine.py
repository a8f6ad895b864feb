"""Claims the next delivery of a destination, sends it once, and hands on how it went. All state is in rows.

A destination has one call in flight, whoever makes it: the destination's row is locked while one is chosen. Order
is kept for each visit: a delivery may go only when no earlier one of its visit waits or was given up. A claim is a
lease with a fencing number: a worker back from the dead cannot overwrite the next.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import TypeVar

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from clinic import clock, sealed
from clinic.integrations import addresses, budget, kinds
from clinic.integrations.parcel import NotDelivered, Parcel
from clinic.models import Delivery, Destination, RemoteRecord
from clinic.models.deliveries import Failure
from realtime import deadline
from realtime.connections import Connections

logger = logging.getLogger(__name__)

T = TypeVar("T")

LEASE_MARGIN = timedelta(seconds=30)
# In the healthy pool a call is cut here, and goes on among the ill.
CUT_SECONDS = 1.0
NEW = timedelta(minutes=1)
_HELD = [Delivery.State.PENDING, Delivery.State.DEAD]


@dataclass(frozen=True)
class Attempt:
    """How a try went. `problem` is None when it was taken; `seconds`: how long it took."""

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
    ours = Delivery.objects.filter(destination=OuterRef("pk"))
    in_flight = ours.filter(state=Delivery.State.PENDING, leased_until__gte=now)
    return Destination.objects.filter(
        Q(next_probe_at=None) | Q(next_probe_at__lte=now),
        Exists(due(now).filter(destination=OuterRef("pk"))),
        ~Exists(in_flight),
        is_paused=False,
    )


def claim(destination_pk: int) -> Delivery | None:
    """The destination's next delivery, leased to this worker: new ones before a backlog, each in its order.

    None when there is none, or when the destination is paused, being called, or not to be called yet.
    """
    with transaction.atomic():
        # NO KEY: a check-in that owes this destination a row at this moment does not stand in the way.
        found = (
            Destination.objects.select_for_update(skip_locked=True, no_key=True).filter(pk=destination_pk).first()
        )
        if found is None or not ready(now := clock.now()).filter(pk=destination_pk).exists():
            return None
        row = _next(found, now)
        if row is None or not budget.allows(found, row, now):
            return None
        return _lease(row, found, now)


def _next(destination: Destination, now: datetime) -> Delivery | None:
    rows = due(now).filter(destination=destination).order_by("created_at", "pk")
    return rows.filter(created_at__gte=now - NEW).first() or rows.first()


def _lease(row: Delivery, destination: Destination, now: datetime) -> Delivery:
    row.leased_until = now + timedelta(seconds=destination.seconds) + LEASE_MARGIN
    row.fence, row.attempts = row.fence + 1, row.attempts + 1
    row.first_tried_at = row.first_tried_at or now
    row.save(update_fields=["leased_until", "fence", "attempts", "first_tried_at"])
    row.destination = destination
    return row


def attempt(row: Delivery) -> Attempt:
    """Sends a claimed delivery once. Never raises what the peer did; writes nothing.

    Raises deadline.Exhausted when this process may begin no further call.
    """
    destination = row.destination
    seconds = float(destination.seconds if destination.is_ill else min(CUT_SECONDS, destination.seconds))
    record = RemoteRecord.objects.filter(destination=destination, visit=row.visit_id).first()
    parcel = Parcel(row.key, row.body, destination, seconds, dict(record.ids) if record else {})
    began = monotonic()
    problem = send(parcel)
    return Attempt(row, problem, monotonic() - began, dict(parcel.remote))


def send(parcel: Parcel) -> NotDelivered | None:
    """One call under its deadline, only to addresses that may be called; the problem, or None."""
    sender = kinds.SENDERS[parcel.destination.kind]
    try:
        _guarded(lambda: sender.send(parcel), parcel.seconds)
    except deadline.Exhausted:
        raise
    except Exception as error:
        return _problem(error, parcel.key, parcel.seconds)
    return None


def check(destination: Destination) -> list[str]:
    """Tries the connection under the rules of a delivery: what was found well, in words. Raises NotDelivered."""
    sender, seconds = kinds.SENDERS[destination.kind], float(destination.seconds)
    try:
        return _guarded(lambda: sender.check(destination), seconds)
    except Exception as error:
        raise _problem(error, "of a test", seconds) from None


def _guarded(call: Callable[[], T], seconds: float) -> T:
    connections = Connections(under=None, permit=addresses.must_be_allowed)

    def within() -> T:
        with connections.made_here():
            return call()

    try:
        return deadline.run(within, seconds=seconds, close=connections.end)
    finally:
        connections.end()


def _problem(error: Exception, key: str, seconds: float) -> NotDelivered:
    if isinstance(error, NotDelivered):
        return error
    if isinstance(error, deadline.DeadlineMissed):
        return NotDelivered(Failure.NO_ANSWER, f"no answer within {seconds:g} s")
    if isinstance(error, addresses.NotAllowed | sealed.Unreadable):
        return NotDelivered(Failure.SETUP, str(error))
    # Whatever it is, the row waits and ends as for any failure: it is not tried at each lapse of its lease.
    logger.error("delivery %s could not be sent: %s", key, type(error).__name__, exc_info=error)
    return NotDelivered(Failure.SETUP, f"could not be sent: {type(error).__name__}")
