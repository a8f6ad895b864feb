"""Writes one move of a visit with all that follows from it. Only services call this, with the topic locked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone

from clinic.integrations import outbox
from clinic.models import Visit, VisitEvent
from clinic.services.actors import Actor
from clinic.states import Verb
from realtime import notices
from realtime.models import Topic

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
]


def now_for(visit: Visit) -> datetime:
    """The time of this visit's next event: never before its last one, even if servers' clocks differ."""
    last = visit.events.order_by("-sequence").values_list("at", flat=True).first()
    return max(timezone.now(), last) if last else timezone.now()


def write(
    topic: Topic,
    visit: Visit,
    verb: Verb,
    changes: Mapping[str, Any],
    *,
    by: Actor,
    at: datetime,
    reason: str = "",
    key: UUID | None = None,
    reverses: VisitEvent | None = None,
) -> VisitEvent:
    """Changes the visit, appends its event, writes what is owed to other systems, and announces."""
    before = {name: getattr(visit, name) for name in SNAPSHOT} if visit.pk else {}
    from_state = visit.state if visit.pk else ""
    for name, value in changes.items():
        setattr(visit, name, value)
    visit.save()
    event = VisitEvent.objects.create(
        visit=visit,
        sequence=visit.events.count() + 1,
        verb=verb,
        from_state=from_state,
        to_state=visit.state,
        at=at,
        user=by.user,
        device=by.device,
        reason=reason[:200],
        key=key,
        reverses=reverses,
        before=_plain(before),
    )
    outbox.write(event)
    notices.announce(topic)
    return event


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}
