"""Writes one move of a visit with all that follows from it. Only services call this, with the topic locked."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction

from clinic import audit, clock
from clinic.integrations import outbox
from clinic.models import Visit, VisitEvent
from clinic.services.actors import Actor
from clinic.states import Verb
from realtime import notices
from realtime.models import Topic

logger = logging.getLogger(__name__)

SNAPSHOT = [
    "state",
    "lane",
    "order_key",
    "room_id",
    "calls",
    "called_at",
    "stepped_out_at",
    "roomed_at",
    "ended_at",
    "identity_checked",
    "not_before",
]


class Slot(NamedTuple):
    """Where a visit's next event goes: its number, from 1 and without a gap, and its time."""

    sequence: int
    at: datetime


def next_slot(visit: Visit, now: datetime | None = None) -> Slot:
    """The slot of this visit's next event; one that is not stored yet has no history to read."""
    return slot_after(visit.events.order_by("-sequence").first() if visit.pk else None, now)


def slot_after(last: VisitEvent | None, now: datetime | None = None) -> Slot:
    """The slot after a visit's last event: never earlier than it, even if a clock was set back.

    `now`: the time as this service read it already, with the topic locked.
    """
    now = now or clock.now()
    return Slot(last.sequence + 1, max(now, last.at)) if last else Slot(1, now)


def write(
    topic: Topic,
    visit: Visit,
    verb: Verb,
    changes: Mapping[str, Any],
    *,
    by: Actor,
    slot: Slot,
    reason: str = "",
    key: UUID | None = None,
    reverses: VisitEvent | None = None,
    from_schedule: bool = False,
) -> VisitEvent:
    """Changes the visit, appends its event, writes what is owed to other systems, and announces.

    `from_schedule`: a schedule told us, so schedules are not told.
    """
    before = {name: getattr(visit, name) for name in SNAPSHOT} if visit.pk else {}
    from_state = visit.state if visit.pk else ""
    for name, value in changes.items():
        setattr(visit, name, value)
    visit.save()
    event = VisitEvent.objects.create(
        visit=visit,
        sequence=slot.sequence,
        verb=verb,
        from_state=from_state,
        to_state=visit.state,
        at=slot.at,
        user=by.user,
        device=by.device,
        by_patient=by.is_patient,
        reason=reason[:200],
        key=key,
        reverses=reverses,
        before=_plain(before),
    )
    outbox.write(event, from_schedule=from_schedule)
    moved: dict[str, audit.Plain] = {"from": from_state, "to": visit.state}
    audit.write(
        visit.clinic_id, f"visit.{verb}", by=by.who, of=("visit", visit.public_id), detail=moved, at=slot.at
    )
    notices.announce(topic)
    about = {"visit": visit.public_id, "clinic": visit.clinic_id}
    transaction.on_commit(lambda: logger.info("visit %s", verb, extra=about), robust=True)
    return event


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}
