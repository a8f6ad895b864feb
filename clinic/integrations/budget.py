"""How many repeats a destination is asked to bear: one for every ten first tries, and one a minute.

Only messages that it could not process count. While it is ill there is one probe at a time, which is less.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import F

from clinic.models import Delivery, Destination
from clinic.models.deliveries import Failure

A_FIRST_TRY = 0.1
A_MINUTE = 1.0
MOST = 20.0


def allows(destination: Destination, row: Delivery, now: datetime) -> bool:
    """Whether this try is within the budget, which then pays for it; else all such rows wait until one is.

    For whoever claims the row: of two at once, one may pay in vain.
    """
    tokens = _tokens(destination, now)
    is_repeat = row.last_failure == Failure.ERROR
    # Ten times a tenth is a little less than one.
    if is_repeat and tokens < 1 - 1e-6:
        repeats = destination.deliveries.filter(state=Delivery.State.PENDING, last_failure=Failure.ERROR)
        repeats.filter(next_try_at__lte=now).update(next_try_at=now + timedelta(minutes=(1 - tokens) / A_MINUTE))
        return False
    tokens += A_FIRST_TRY if row.attempts == 0 else -1.0 if is_repeat else 0.0
    tokens = min(MOST, max(0.0, tokens))
    # Nothing is written for one that is at its most anyway, as nearly all are.
    if destination.retry_tokens_at is not None or tokens < MOST:
        since = now if tokens < MOST else None
        Destination.objects.filter(pk=destination.pk).update(retry_tokens=tokens, retry_tokens_at=since)
    return True


def give_back(destination: Destination) -> None:
    """A repeat that was taken cost nothing: what failed while all failed over there goes on at full speed."""
    rows = Destination.objects.filter(pk=destination.pk, retry_tokens_at__isnull=False)
    rows.update(retry_tokens=F("retry_tokens") + 1)


def _tokens(destination: Destination, now: datetime) -> float:
    if destination.retry_tokens_at is None:
        return MOST
    minutes = max(0.0, (now - destination.retry_tokens_at).total_seconds() / 60)
    return min(MOST, destination.retry_tokens + minutes * A_MINUTE)
