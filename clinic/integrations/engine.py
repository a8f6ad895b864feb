"""Claims a delivery, sends it once, and writes down how it went. All state is in the row, so Redis may forget.

Order is kept for each visit and destination: a delivery is claimed only when the earlier ones of the same visit are
done. A claim is a lease with a fencing number: a worker that comes back from the dead cannot overwrite the next.
"""

from __future__ import annotations

import logging
import random
from datetime import datetime, timedelta
from time import monotonic

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from clinic.integrations import webhook
from clinic.models import Delivery, Destination
from clinic.models.deliveries import GIVE_UP_AFTER

logger = logging.getLogger(__name__)

LEASE_MARGIN = timedelta(seconds=30)
SHORTEST, LONGEST = 5.0, 3600.0
SLOW_SECONDS = 1.0


def due(now: datetime) -> QuerySet[Delivery]:
    """Deliveries that may be tried now: due, not claimed, not paused, and first of their visit at their destination."""
    earlier = Delivery.objects.filter(
        destination=OuterRef("destination"), visit=OuterRef("visit"), state="pending", pk__lt=OuterRef("pk")
    )
    return Delivery.objects.filter(
        ~Exists(earlier),
        Q(leased_until=None) | Q(leased_until__lt=now),
        state=Delivery.State.PENDING,
        next_try_at__lte=now,
        destination__is_paused=False,
    )


def claim(pk: int) -> Delivery | None:
    """The delivery, leased to this worker; None when it is done, not due, or another's."""
    now = timezone.now()
    row = due(now).select_related("destination").filter(pk=pk).first()
    if row is None:
        return None
    until = now + timedelta(seconds=row.destination.seconds) + LEASE_MARGIN
    # The condition on the fence makes this one winner's, on every database.
    won = Delivery.objects.filter(pk=pk, fence=row.fence, state="pending").update(
        leased_until=until, fence=F("fence") + 1, attempts=F("attempts") + 1
    )
    if not won:
        return None
    row.fence, row.attempts, row.leased_until = row.fence + 1, row.attempts + 1, until
    return row


def attempt(row: Delivery) -> Delivery | None:
    """Sends a claimed delivery once. Returns the next one of the same visit that may go now."""
    began = monotonic()
    try:
        webhook.send(webhook.prepare(row))
    except webhook.NotDelivered as problem:
        _failed(row, problem)
        return None
    _mark_health(row.destination, is_ill=monotonic() - began > SLOW_SECONDS)
    _settle(row, state=Delivery.State.DELIVERED, delivered_at=timezone.now(), last_error="")
    return due(timezone.now()).filter(destination=row.destination, visit=row.visit).first()


def wait_seconds(attempts: int, retry_after: float) -> float:
    """Until the next try: full jitter up to twice as long each time, 5 s to 1 h, and never before Retry-After."""
    ceiling = min(LONGEST, SHORTEST * 2 ** min(attempts, 20))
    return max(random.uniform(SHORTEST, ceiling), retry_after)


def _failed(row: Delivery, problem: webhook.NotDelivered) -> None:
    now = timezone.now()
    if problem.is_slow:
        _mark_health(row.destination, is_ill=True)
    wait = timedelta(seconds=wait_seconds(row.attempts, problem.retry_after))
    if now + wait - row.created_at > GIVE_UP_AFTER:
        _settle(row, state=Delivery.State.DEAD, last_error=str(problem))
        logger.error("delivery %s to %s given up: %s", row.key, row.destination_id, problem)
        return
    _settle(row, next_try_at=now + wait, last_error=str(problem))
    logger.info("delivery %s to %s waits %.0f s: %s", row.key, row.destination_id, wait.total_seconds(), problem)


def _settle(row: Delivery, **changes: object) -> None:
    """Writes the result, unless the lease has passed to another since."""
    Delivery.objects.filter(pk=row.pk, fence=row.fence, state="pending").update(leased_until=None, **changes)


def _mark_health(destination: Destination, *, is_ill: bool) -> None:
    if destination.is_ill != is_ill:
        Destination.objects.filter(pk=destination.pk).update(is_ill=is_ill)
        destination.is_ill = is_ill
