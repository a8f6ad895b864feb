"""Everything that happens to a visit after its check-in: one path for all verbs, one table of what is legal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from clinic import states
from clinic.models import Clinic, Room, Visit, VisitEvent
from clinic.services import record
from clinic.services.actors import Actor, AlreadyDone, Refused, name_of
from clinic.states import Lane, State, Verb
from realtime import notices
from realtime.models import Topic

UNDO_FOR = timedelta(minutes=10)
NEEDS_REASON = frozenset({Verb.ENTER_IN_ERROR})


def move(
    clinic: Clinic,
    public_id: UUID,
    verb: Verb,
    *,
    by: Actor,
    room: Room | None = None,
    lane: Lane | None = None,
    reason: str = "",
    key: UUID | None = None,
) -> VisitEvent:
    """Makes one legal move and returns its event; the same `key` again returns the first one's.

    `room` goes with call and room, `lane` with move. Raises Visit.DoesNotExist for one that is not this clinic's,
    AlreadyDone when somebody was first, Refused when the move is not possible.
    """
    with transaction.atomic():
        topic = notices.lock(clinic.topic_id)
        if done := _done_before(key):
            return done
        visit = Visit.objects.of(clinic).get(public_id=public_id)
        return _move(topic, visit, verb, by=by, room=room, lane=lane, reason=reason, key=key)


def call_next(clinic: Clinic, *, by: Actor, room: Room, key: UUID | None = None) -> VisitEvent:
    """Calls whoever is first in line. Raises Refused when nobody waits."""
    with transaction.atomic():
        topic = notices.lock(clinic.topic_id)
        if done := _done_before(key):
            return done
        visit = Visit.objects.of(clinic).in_line().first()
        if visit is None:
            raise Refused(_("Nobody is waiting."))
        return _move(topic, visit, Verb.CALL, by=by, room=room, lane=None, reason="", key=key)


def undo(clinic: Clinic, public_id: UUID, *, by: Actor, key: UUID | None = None) -> VisitEvent:
    """Takes a visit's last move back, as a new event. Raises Refused when it is too late or not reversible."""
    with transaction.atomic():
        topic = notices.lock(clinic.topic_id)
        if done := _done_before(key):
            return done
        visit = Visit.objects.of(clinic).get(public_id=public_id)
        last = visit.events.select_related("user", "device").latest("sequence")
        at = record.now_for(visit)
        if last.verb not in states.REVERSIBLE or at - last.at > UNDO_FOR:
            raise Refused(_("%(ticket)s: there is nothing to undo any more.") % {"ticket": visit})
        return record.write(topic, visit, Verb.UNDO, _restored(last), by=by, at=at, key=key, reverses=last)


def can_undo(event: VisitEvent, now: datetime) -> bool:
    """Whether a visit's last event may still be taken back."""
    return event.verb in states.REVERSIBLE and now - event.at <= UNDO_FOR


def _done_before(key: UUID | None) -> VisitEvent | None:
    return VisitEvent.objects.select_related("visit").filter(key=key).first() if key else None


def _move(
    topic: Topic,
    visit: Visit,
    verb: Verb,
    *,
    by: Actor,
    room: Room | None,
    lane: Lane | None,
    reason: str,
    key: UUID | None,
) -> VisitEvent:
    target = states.after(verb, State(visit.state))
    if target is None or (verb == Verb.CONFIRM and visit.identity_checked):
        raise _too_late(visit, by)
    if verb in NEEDS_REASON and not reason.strip():
        raise Refused(_("Say why, in a few words."))
    at = record.now_for(visit)
    changes = {"state": target, **_effects(visit, verb, at, room, lane)}
    return record.write(topic, visit, verb, changes, by=by, at=at, reason=reason, key=key)


def _effects(visit: Visit, verb: Verb, at: datetime, room: Room | None, lane: Lane | None) -> dict[str, Any]:
    effects: dict[Verb, Callable[[], dict[str, Any]]] = {
        Verb.CALL: lambda: {"called_at": at, "calls": visit.calls + 1, "room": _own(visit, room)},
        Verb.RECALL: lambda: {"called_at": at, "calls": visit.calls + 1},
        Verb.ROOM: lambda: {"roomed_at": at, "room": _own(visit, room or visit.room)},
        Verb.STEP_OUT: lambda: {"stepped_out_at": at, "room": None},
        Verb.RETURN: lambda: {"room": None},
        Verb.CONFIRM: lambda: {"identity_checked": True},
        Verb.MOVE: lambda: _lane_change(visit, lane),
    }
    if verb in effects:
        return effects[verb]()
    return {"ended_at": at} if states.MOVES[verb].get(State(visit.state)) in states.ENDED else {}


def _own(visit: Visit, room: Room | None) -> Room:
    if room is None or room.clinic_id != visit.clinic_id:
        raise Refused(_("Choose a room first."))
    return room


def _lane_change(visit: Visit, lane: Lane | None) -> dict[str, Any]:
    if lane is None or visit.order_key is None:
        raise Refused(_("Choose a lane first."))
    clinic = visit.clinic
    start = visit.order_key + clinic.head_start(visit.lane)
    return {"lane": lane, "order_key": start - clinic.head_start(lane)}


def _too_late(visit: Visit, by: Actor) -> Refused:
    last = visit.events.select_related("user", "device").latest("sequence")
    if by.user is not None and last.user_id == by.user.pk:
        return AlreadyDone(_("%(ticket)s: you were there already (%(what)s).") % _words(visit, last))
    return AlreadyDone(_("%(ticket)s: %(who)s was first (%(what)s).") % _words(visit, last))


def _words(visit: Visit, last: VisitEvent) -> dict[str, str]:
    return {"ticket": str(visit), "who": name_of(last), "what": last.get_verb_display()}


def _restored(last: VisitEvent) -> dict[str, Any]:
    return {
        name: parse_datetime(value) if name.endswith(("_at", "_key")) and value else value
        for name, value in last.before.items()
    }
