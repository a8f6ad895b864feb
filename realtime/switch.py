"""The operator's switch: stops every connection to the vendor, from the admin, the ops page or a shell.

The truth is one SQL row, changed by compare-and-set with its event in one transaction. Whoever is about to talk to
the vendor reads it first; web processes read it each second. A message through Redis only makes them look sooner.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from django.conf import settings
from django.db import Error as AnyDatabaseError
from django.db import transaction
from django.utils import timezone

from realtime import bell, redis_link, told
from realtime.models import Desired, Switch, SwitchEvent
from realtime.plain import one_line

logger = logging.getLogger(__name__)

DEFAULT_LENGTH = timedelta(hours=4)
# What a page offers, by the name in its form; None: until someone turns it on.
LENGTHS: dict[str, timedelta | None] = {
    "30m": timedelta(minutes=30),
    "1h": timedelta(hours=1),
    "4h": DEFAULT_LENGTH,
    "ever": None,
}
# The Redis channel of the hint that makes workers look.
HINT = "evenkeel:switch"
FORCED_OFF = "forced off by EVENKEEL_VENDOR=off in this process's environment"
_last_known: Switch | None = None


class SwitchRefused(ValueError):
    """The flip was not made; the text says what to do."""


def flip(
    desired: str,
    *,
    by: str,
    reason: str,
    length: timedelta | None = DEFAULT_LENGTH,
    expected: int | None = None,
    user: int | None = None,
) -> Switch:
    """Sets the switch, writes its event, and tells the audit. `user`: as `told.tell` says.

    `length`: how long an "off" holds, None for until someone turns it on. `expected`: the row version that the
    person looked at; another one by now is refused, so that two operators cannot overwrite each other unseen.
    Raises SwitchRefused.
    """
    reason = one_line(reason)
    if desired not in Desired.values:
        raise SwitchRefused("Choose on or off.")
    if not reason:
        raise SwitchRefused("Say why, in a few words: the next person on call will read it.")
    if len(reason) > 200:
        raise SwitchRefused("Keep the reason under 200 characters.")
    with transaction.atomic():
        row = _change(Desired(desired), by, reason, length, expected)
        told.tell(f"switch.{row.desired}", by=by, user=user, until=row.expires_at)
        transaction.on_commit(tell_all_processes, robust=True)
    logger.warning("vendor switch: %s by %s", row.desired, row.actor)
    return row


def _change(desired: Desired, by: str, reason: str, length: timedelta | None, expected: int | None) -> Switch:
    row = Switch.objects.select_for_update().get(pk=1)
    if expected is not None and expected != row.version:
        raise SwitchRefused(f"{row.actor} changed the switch meanwhile ({row.reason}). Look again, then decide.")
    row.desired, row.actor, row.reason, row.at = desired, by, reason, timezone.now()
    row.expires_at = row.at + length if desired == Desired.OFF and length is not None else None
    row.version += 1
    row.save()
    SwitchEvent.objects.create(
        desired=row.desired, actor=row.actor, reason=row.reason, at=row.at, expires_at=row.expires_at
    )
    return row


def expire() -> bool:
    """Writes down that an "off" has run out, as an event of its own. For the scheduler; readers need no help."""
    row = Switch.objects.get(pk=1)
    if row.desired != Desired.OFF or row.is_off():
        return False
    try:
        flip(Desired.AUTO, by=told.CLOCK, reason="its time was up", expected=row.version)
    except SwitchRefused:
        return False
    return True


def read() -> Switch | None:
    """The row now; the last one seen when the database does not answer; None if none was ever seen."""
    global _last_known
    try:
        _last_known = Switch.objects.get(pk=1)
    except (AnyDatabaseError, Switch.DoesNotExist) as error:
        logger.warning("switch unreadable: %s", type(error).__name__)
    return _last_known


def known_version() -> int:
    """The version of the row that was last read for a decision in this process; 0 if none was."""
    return _last_known.version if _last_known else 0


def refusal(row: Switch | None) -> str:
    """Why the switch shuts the gate, in words; empty when it does not. An unreadable switch shuts it."""
    if settings.VENDOR_FORCED_OFF:
        return FORCED_OFF
    if row is None:
        return "the switch cannot be read, so nothing is tried"
    if row.is_off():
        return f"off by {row.actor}: {row.reason}"
    return ""


def tell_all_processes() -> None:
    """Makes this process's hub, every other's, and every worker's watch look at the switch now."""
    bell.ring({"type": "gate"})
    redis_link.thread.soon(lambda: redis_link.client().publish(HINT, ""))
