"""What a patient can do from the page on their own phone. Whoever holds the link is the patient."""

from __future__ import annotations

from uuid import UUID, uuid5

from clinic import clock
from clinic.digests import digest
from clinic.models import Visit, VisitEvent
from clinic.services.actors import Actor
from clinic.services.moves import move
from clinic.states import Verb

KEYS = UUID("5f7c1c52-6f0b-4d5b-9f0e-0c1a3a1f8f5e")


def visit_behind(token: str) -> Visit | None:
    """The visit whose link this is, while the link is alive."""
    alive = Visit.objects.with_phone_link(clock.now())
    return alive.select_related("clinic__topic", "room").filter(phone_hash=digest(token)).first()


def more_time(visit: Visit, seen: int) -> VisitEvent:
    """The patient is not called for ten minutes and keeps the place; a patient who was called waits again.

    `seen` is the last event that the page knew: pressed twice on one page, or on two that show the same, it is
    done once. Raises as `move` does; Refused also when it was asked for too often.
    """
    return _do(visit, Verb.MORE_TIME, seen)


def leave(visit: Visit, seen: int) -> VisitEvent:
    """The patient gives the place up. As `more_time`."""
    return _do(visit, Verb.LEFT, seen)


def _do(visit: Visit, verb: Verb, seen: int) -> VisitEvent:
    key = uuid5(KEYS, f"{visit.public_id}:{verb}:{seen}")
    return move(visit.clinic, visit.public_id, verb, by=Actor(is_patient=True), key=key)
