"""What other systems are told about one event of a visit: plain JSON, our own, kept with the delivery."""

from __future__ import annotations

import json
from typing import Any

from clinic.models import Visit, VisitEvent

# What Standard Webhooks asks for. The longest visit that the models allow is a fifth of it.
LARGEST_BODY = 20_000


def body(event: VisitEvent) -> str:
    """The JSON text of a webhook, made once: a repeat sends the very same bytes.

    `{"type": "visit.<state>", "timestamp": ISO 8601, "data": {"clinic", "verb", "sequence", "visit": {...}}}`
    Raises ValueError when it would be longer than LARGEST_BODY bytes.
    """
    visit = event.visit
    content = {
        "type": f"visit.{event.to_state}",
        "timestamp": event.at.isoformat(),
        "data": {
            "clinic": visit.clinic.slug,
            "verb": event.verb,
            "sequence": event.sequence,
            "visit": _visit(visit),
        },
    }
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    if len(text.encode()) > LARGEST_BODY:
        raise ValueError("a webhook's body must be under 20 kB")
    return text


def _visit(visit: Visit) -> dict[str, Any]:
    times = ("booked_for", "arrived_at", "called_at", "roomed_at", "ended_at")
    moments = {name: getattr(visit, name) for name in times}
    return {
        "id": str(visit.public_id),
        "state": visit.state,
        "lane": visit.lane,
        "ticket": visit.ticket,
        "given_name": visit.given_name,
        "family_name": visit.family_name,
        "birth_date": visit.birth_date.isoformat(),
        "phone": visit.phone,
        "reason": visit.reason,
        "language": visit.language,
        "identity_checked": visit.identity_checked,
        "room": visit.room.name if visit.room else None,
        **{name: moment.isoformat() if moment else None for name, moment in moments.items()},
    }
