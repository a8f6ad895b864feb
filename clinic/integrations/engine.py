"""Claims a delivery, sends it once, and writes down how it went. All state is in the row, so Redis may forget.

Order is kept for each visit and destination: a delivery is claimed only when the earlier ones of the same visit
are done. A claim is a lease with a fencing number: a worker back from the dead cannot overwrite the next.
"""

from __future__ import annotations

import logging
import random
from datetime import datetime, timedelta
from time import monotonic

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from clinic import clock
from clinic.integrations import webhook
from clinic.models import Delivery, Destination
from clinic.models.deliveries import GIVE_UP_AFTER

logger = logging.getLogger(__name__)

LEASE_MARGIN = timedelta(seconds=30)
SHORTEST, LONGEST = 5.0, 3600.0
SLOW_SECONDS = 1.0


def due(now: datetime) -> QuerySet[Delivery]:
    """Deliveries that may be tried now: due, not claimed, not paused, first of its visit at its destination."""
    earlier = Delivery.objects.filter(
        destination=OuterRef("destination"),
        visit=OuterRef("visit"),
        state=Delivery.State.PENDING,
        pk__lt=OuterRef("pk"),
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
    now = clock.now()
    row = due(now).select_related("destination").filter(pk=pk).first()
    if row is None:
        return None
    until = now + timedelta(seconds=row.destination.seconds) + LEASE_MARGIN
    # The condition on the fence makes this one winner's, on every database.
    won = Delivery.objects.filter(pk=pk, fence=row.fence, state=Delivery.State.PENDING).update(
        leased_until=until, fence=F("fence") + 1, attempts=F("attempts") + 1
    )
    if not won:
        return None
    row.fence, row.attempts, row.leased_until = row.fence + 1, row.attempts + 1, until
    return row


def attempt(row: Delivery) -> Delivery | None:
    """Sends a claimed delivery once. Returns the next one of the same visit that may go now."""
    began = monotonic()
    problem = _send(row)
    is_slow = problem is not None and problem.is_slow
    _mark_health(row.destination, is_ill=is_slow or monotonic() - began > SLOW_SECONDS)
    if problem is not None:
        _failed(row, problem)
    else:
        _settle(row, state=Delivery.State.DELIVERED, delivered_at=clock.now(), last_error="")
    following = due(clock.now()).filter(destination=row.destination_id, visit=row.visit_id)
    return following.select_related("destination").first()


def _send(row: Delivery) -> webhook.NotDelivered | None:
    try:
        webhook.send(webhook.prepare(row))
    except webhook.NotDelivered as problem:
        return problem
    except Exception as error:
        # Whatever it is, the row waits and ends as for any failure: it is not tried at each lapse of its lease.
        logger.exception("delivery %s to %s could not be sent", row.key, row.destination_id)
        return webhook.NotDelivered(f"could not be sent: {type(error).__name__}")
    return None


def wait_seconds(attempts: int, retry_after: float) -> float:
    """Until the next try: full jitter up to twice as long each time, 5 s to 1 h, and never before Retry-After."""
    ceiling = min(LONGEST, SHORTEST * 2 ** min(attempts, 20))
    return max(random.uniform(SHORTEST, ceiling), retry_after)


def _failed(row: Delivery, problem: webhook.NotDelivered) -> None:
    now, end = clock.now(), row.created_at + GIVE_UP_AFTER
    if now >= end:
        if _settle(row, state=Delivery.State.DEAD, last_error=str(problem)):
            logger.error("delivery %s to %s given up: %s", row.key, row.destination_id, problem)
        return
    # The last try is at the very end, however long a wait was drawn or asked for.
    wait = min(timedelta(seconds=wait_seconds(row.attempts, problem.retry_after)), end - now)
    if _settle(row, next_try_at=now + wait, last_error=str(problem)):
        seconds = wait.total_seconds()
        logger.info("delivery %s to %s waits %.0f s: %s", row.key, row.destination_id, seconds, problem)


def _settle(row: Delivery, **changes: object) -> bool:
    """Writes the result; False, and nothing written, when the lease has passed to another since."""
    ours = Delivery.objects.filter(pk=row.pk, fence=row.fence, state=Delivery.State.PENDING)
    return bool(ours.update(leased_until=None, **changes))


def _mark_health(destination: Destination, *, is_ill: bool) -> None:
    if destination.is_ill != is_ill:
        Destination.objects.filter(pk=destination.pk).update(is_ill=is_ill)
        destination.is_ill = is_ill
