"""Adds to the audit: who did what, when, from where. In the transaction of what was done, or not at all.

The rows of one clinic are a chain: each holds the hash of the one before, and the chain's end is kept apart, so
that neither a row in the middle nor the last ones can be taken out unseen. Where the end does not fit the last
row, somebody was at it: that is written down, and the chain goes on, since a patient must be able to check in.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import OuterRef, Subquery

from clinic import clock, counted, request_context
from clinic.models import Device
from clinic.models.audit import SYSTEM, ActorKind, AuditChain, AuditEvent
from realtime import told

logger = logging.getLogger(__name__)

Plain = str | int | bool | None
# What `detail` may hold: words of ours and numbers, never what somebody typed of a patient.
DETAILS = frozenset(
    {"from", "to", "room", "count", "role", "user", "until", "kind", "why", "fields", "reverses", "as_of"}
)
# That a chain's end did not fit. `from`: what it said; `to`: the row that was the last.
MENDED = "audit.mend"
HASHED = (
    *("chain", "sequence", "at", "actor_kind", "actor_id", "actor", "address", "request_id"),
    *("action", "object_kind", "object_id", "detail", "previous"),
)


class Who(NamedTuple):
    """Who acts, as the audit keeps it: a number that needs no foreign key, and the name as it is now."""

    kind: ActorKind = ActorKind.SYSTEM
    id: int | None = None
    name: str = ""


def staff(user: User) -> Who:
    return Who(ActorKind.USER, user.pk, user.get_username())


def device(row: Device) -> Who:
    return Who(ActorKind.DEVICE, row.pk, str(row))


PATIENT, NOBODY, EVENKEEL = Who(ActorKind.PATIENT), Who(ActorKind.NOBODY), Who()


def shell(name: str) -> Who:
    """A person who runs a command: `name` is that of the system's account."""
    return Who(ActorKind.SHELL, None, name)


def of_realtime(
    action: str,
    *,
    by: str,
    user: int | None = None,
    until: datetime | None = None,
    change: told.JobQueueChange | None = None,
) -> None:
    """What settings.REALTIME_TOLD names: see `realtime.told.tell`."""
    elsewhere = EVENKEEL if by == told.CLOCK else shell(by)
    who = elsewhere if user is None else Who(ActorKind.USER, user, by)
    detail = {"until": until.astimezone(UTC).isoformat(timespec="seconds")} if until else {}
    if change:
        detail["kind"] = change.what
    write(SYSTEM, action, by=who, of=("job queue", change.queue) if change else ("", ""), detail=detail)


def write(
    chains: int | Iterable[int],
    action: str,
    *,
    by: Who,
    of: tuple[str, object] = ("", ""),
    detail: Mapping[str, Plain] | None = None,
    at: datetime | None = None,
) -> None:
    """Adds one row to each of these chains: a clinic's number, or SYSTEM.

    `of`: the kind and id of what it was done to. `at`: when, where the caller has read the time already. Takes the
    chains' rows after any topic's, by their numbers.
    Raises ValueError for a detail that DETAILS does not name.
    """
    if unknown := set(detail or {}) - DETAILS:
        raise ValueError(f"the audit keeps no {', '.join(sorted(unknown))}")
    deed = _Deed(action, by, of, dict(detail or {}), at)
    with transaction.atomic(savepoint=False):
        for chain in sorted({chains} if isinstance(chains, int) else set(chains)):
            _add(chain, deed)


class _Deed(NamedTuple):
    """As `write` takes it; without a time it is done now."""

    action: str
    by: Who
    of: tuple[str, object]
    detail: dict[str, Plain]
    at: datetime | None = None


def _add(chain: int, deed: _Deed) -> None:
    end = _end_of(chain)
    if (end.sequence, end.hash) != (end.last_sequence or 0, end.last_hash or ""):
        _mend(end)
    _follow(end, deed)


def _end_of(chain: int) -> Any:
    """The chain's end, held; with what its last row says."""
    last = AuditEvent.objects.filter(chain=OuterRef("pk")).order_by("-sequence")
    found = {f"last_{name}": Subquery(last.values(name)[:1]) for name in ("sequence", "hash")}
    held = AuditChain.objects.select_for_update(of=("self",)).annotate(**found).filter(pk=chain)
    if end := held.first():
        return end
    AuditChain.objects.get_or_create(pk=chain)
    return held.get()


def _mend(end: AuditChain) -> None:
    """Goes on from the row that is the last, if the end does not fit it, and says so for ever."""
    # Looked for again: who waited for the end's row may have seen the rows of before.
    last = AuditEvent.objects.filter(chain=end.pk).order_by("-sequence").first()
    was, end.sequence, end.hash = (end.sequence, end.hash), last.sequence if last else 0, last.hash if last else ""
    if was != (end.sequence, end.hash):
        logger.error(
            "the audit's chain %d is damaged: its end was %d, its last row %d", end.pk, was[0], end.sequence
        )
        counted.AUDIT_MENDED.count()
        _follow(end, _Deed(MENDED, EVENKEEL, ("", ""), {"from": was[0], "to": end.sequence}))


def _follow(end: AuditChain, deed: _Deed) -> None:
    asked = request_context.current()
    row = AuditEvent(
        chain=end.pk,
        sequence=end.sequence + 1,
        at=deed.at or clock.now(),
        actor_kind=deed.by.kind,
        actor_id=deed.by.id,
        actor=deed.by.name[:150],
        address=asked.address,
        request_id=asked.request_id,
        action=deed.action,
        object_kind=deed.of[0],
        object_id=str(deed.of[1])[:40],
        detail=deed.detail,
        previous=end.hash,
    )
    row.hash = digest_of(row)
    row.save(force_insert=True)
    end.sequence, end.hash = row.sequence, row.hash
    end.save(update_fields=["sequence", "hash"])


def digest_of(row: AuditEvent) -> str:
    """SHA-256 over all that the row says, in hexadecimal."""
    said: dict[str, Any] = {name: getattr(row, name) for name in HASHED}
    said["at"] = row.at.astimezone(UTC).isoformat(timespec="microseconds")
    text = json.dumps(said, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


__all__ = [
    "EVENKEEL",
    "MENDED",
    "NOBODY",
    "PATIENT",
    "SYSTEM",
    "Who",
    "device",
    "digest_of",
    "of_realtime",
    "shell",
    "staff",
    "write",
]
