"""What follows from a try: for its delivery, and for the health of its destination. One transaction."""

from __future__ import annotations

import logging
import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef

from clinic import clock
from clinic.integrations import budget
from clinic.integrations.engine import CUT_SECONDS, Attempt
from clinic.integrations.parcel import NotDelivered
from clinic.models import Delivery, Destination, RemoteRecord
from clinic.models.deliveries import GIVE_UP_AFTER, Failure

logger = logging.getLogger(__name__)

SHORTEST, LONGEST = 5.0, 3600.0
LONGEST_PROBE = 300.0
# Of the destination, not of one message: one probe at a time finds out when it is back.
AWAY = frozenset({Failure.NO_ANSWER, Failure.UNREACHABLE, Failure.BUSY, Failure.PROTOCOL, Failure.SETUP})
# After so many tries that found nobody there, a message is thought to be the reason.
SUSPECT = 6
# No number of tries makes these welcome.
FINAL = frozenset({Failure.REJECTED})


def settle(result: Attempt) -> bool:
    """Writes it down; False, and nothing written, when the lease has passed to another since."""
    with transaction.atomic():
        now = clock.now()
        # Its health is written under a lease alone: what was read with the claim still holds.
        destination = result.row.destination
        if not _write_row(result, destination, now):
            return False
        _keep_ids(result)
        if result.problem is None and result.row.last_failure == Failure.ERROR:
            budget.give_back(destination)
        _write_health(destination, _health(destination, result, now), now)
        return True


def expire() -> int:
    """Gives up what an ill destination has not taken in time; a healthy one tries each once more. How many."""
    now, count = clock.now(), 0
    late_ones = Delivery.objects.filter(state=Delivery.State.PENDING, give_up_at__lte=now)
    late_ones = late_ones.exclude(leased_until__gt=now)
    ill = Destination.objects.filter(is_ill=True, is_paused=False)
    for destination in ill.filter(Exists(late_ones.filter(destination=OuterRef("pk")))):
        late = late_ones.filter(destination=destination)
        changes = {"last_error": destination.last_error, "last_failure": Failure.UNREACHABLE}
        if given_up := late.update(state=Delivery.State.DEAD, leased_until=None, **changes):
            logger.error("%d deliveries to %s given up: %s", given_up, destination.pk, destination.last_error)
            count += given_up
    return count


def wait_seconds(attempts: int, longest: float = LONGEST) -> float:
    """Until the next try: full jitter up to twice as long each time, from 5 s."""
    return random.uniform(SHORTEST, min(longest, SHORTEST * 2 ** min(attempts, 20)))


def _write_row(result: Attempt, destination: Destination, now: datetime) -> bool:
    row, problem = result.row, result.problem
    if problem is None:
        changes: dict[str, Any] = {"state": Delivery.State.DELIVERED, "delivered_at": now}
        changes |= {"last_error": "", "last_failure": ""}
    else:
        row.errors += problem.failure == Failure.ERROR
        changes = {"last_error": str(problem)[:300], "last_failure": problem.failure, "errors": row.errors}
        changes |= _after_failure(result, problem, destination, now)
    ours = Delivery.objects.filter(pk=row.pk, fence=row.fence, state=Delivery.State.PENDING)
    if not ours.update(leased_until=None, **changes):
        return False
    if problem is not None:
        _say(row, problem, is_dead=changes.get("state") == Delivery.State.DEAD)
    return True


def _after_failure(
    result: Attempt, problem: NotDelivered, destination: Destination, now: datetime
) -> dict[str, Any]:
    row = result.row
    if problem.failure == Failure.GONE:
        return {"next_try_at": now}
    is_last = problem.most_tries is not None and row.errors >= problem.most_tries
    if problem.failure in FINAL or is_last or now >= row.give_up_at:
        return {"state": Delivery.State.DEAD}
    if problem.failure in AWAY and _was_cut(result, destination):
        return {"next_try_at": now}
    wait = max(wait_seconds(row.attempts), min(problem.retry_after, GIVE_UP_AFTER.total_seconds()))
    # The last try is at the very end, however long a wait was drawn or asked for.
    return {"next_try_at": min(now + timedelta(seconds=wait), row.give_up_at)}


def _was_cut(result: Attempt, destination: Destination) -> bool:
    """A call of the healthy pool that was ended early: it goes on among the ill, at once.

    A sender's own time-out may come first, by a hair, and be called something else.
    """
    return not destination.is_ill and destination.seconds > CUT_SECONDS and result.seconds >= 0.9 * CUT_SECONDS


def _health(destination: Destination, result: Attempt, now: datetime) -> dict[str, Any]:
    """What changes of the destination; nothing for most tries."""
    problem = result.problem
    if problem is not None and problem.failure == Failure.GONE:
        return {"is_paused": True, "paused_because": str(problem)[:200]}
    if problem is not None and problem.failure in AWAY:
        return _away(destination, result, problem, now)
    if result.seconds > CUT_SECONDS:
        return {**_ill(destination, now), "failures": 0, "next_probe_at": None, "last_error": _slow(result)}
    said = str(problem)[:300] if problem is not None else ""
    if destination.is_ill or destination.last_error != said:
        return {"is_ill": False, "ill_since": None, "failures": 0, "next_probe_at": None, "last_error": said}
    return {}


def _away(destination: Destination, result: Attempt, problem: NotDelivered, now: datetime) -> dict[str, Any]:
    changes = {**_ill(destination, now), "last_error": str(problem)[:300]}
    if _was_cut(result, destination):
        return {**changes, "failures": 0, "next_probe_at": None}
    failures = destination.failures + 1
    wait = max(wait_seconds(failures, LONGEST_PROBE), min(problem.retry_after, GIVE_UP_AFTER.total_seconds()))
    return {**changes, "failures": failures, "next_probe_at": now + timedelta(seconds=wait)}


def _ill(destination: Destination, now: datetime) -> dict[str, Any]:
    return {"is_ill": True, "ill_since": destination.ill_since or now}


def _slow(result: Attempt) -> str:
    return f"slow: the last answer took {result.seconds:.1f} s"


def _write_health(destination: Destination, changes: Mapping[str, Any], now: datetime) -> None:
    if not changes:
        return
    Destination.objects.filter(pk=destination.pk).update(**changes)
    was_ill = destination.is_ill
    for name, value in changes.items():
        setattr(destination, name, value)
    if was_ill and not destination.is_ill:
        # They waited for the destination, not for themselves; unless one is what makes it ill, again and again.
        waiting = destination.deliveries.filter(state=Delivery.State.PENDING, last_failure__in=AWAY)
        waiting.filter(next_try_at__gt=now, attempts__lt=SUSPECT).update(next_try_at=now)
        logger.warning("destination %s is well again", destination.pk)
    elif destination.is_ill and not was_ill:
        logger.warning("destination %s is ill: %s", destination.pk, changes["last_error"])


def _keep_ids(result: Attempt) -> None:
    if result.remote:
        row = result.row
        ids = {"ids": result.remote}
        RemoteRecord.objects.update_or_create(ids, destination=row.destination, visit_id=row.visit_id)


def _say(row: Delivery, problem: NotDelivered, *, is_dead: bool) -> None:
    about = {"delivery": row.key, "destination": row.destination_id, "visit": row.visit.public_id}
    if is_dead:
        logger.error("delivery given up: %s", problem, extra=about)
    else:
        logger.info("delivery waits: %s", problem, extra=about)
