"""Everything that happens to a visit after its check-in: one path for all verbs, one table of what is legal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic import clock, states
from clinic.models import Clinic, Room, Visit, VisitEvent
from clinic.models.visits import MORE_TIME
from clinic.services import persons, record
from clinic.services.actors import Actor, Refused, too_late
from clinic.services.line import order_key
from clinic.states import Lane, State, Verb
from realtime import notices
from realtime.models import Topic
from realtime.plain import one_line

UNDO_FOR = timedelta(minutes=10)
MORE_TIME_AT_MOST = 3
NEEDS_REASON = frozenset({Verb.ENTER_IN_ERROR})
ELSEWHERE = frozenset({Verb.BOOK, Verb.REBOOK, Verb.CHECK_IN, Verb.UNDO})


def move(
    clinic: Clinic,
    public_id: UUID,
    verb: Verb,
    *,
    by: Actor,
    room: Room | None = None,
    lane: Lane | None = None,
    reason: str = "",
    seen_free: bool = False,
    key: UUID | None = None,
) -> VisitEvent:
    """Makes one legal move and returns its event; the same `key` again returns the first one's.

    `room` goes with call and room, `lane` with move. `seen_free`: the clerk saw the room free, and it must be.
    Raises Visit.DoesNotExist for one that is not this clinic's, AlreadyDone when somebody was first, Refused when
    the move is not possible, ValueError for a verb that has a service of its own: `book`, `check_in`, `arrive`,
    `undo`, and those of `bookings`.
    """
    if verb in ELSEWHERE:
        raise ValueError(f"{verb} has a service of its own")
    with transaction.atomic():
        topic = notices.lock(clinic.topic_id)
        if done := _done_before(clinic, key, public_id):
            return done
        visit = clinic.visits.get(public_id=public_id)
        return _move(topic, visit, verb, by=by, room=room, lane=lane, reason=reason, seen_free=seen_free, key=key)


def call_next(
    clinic: Clinic, *, by: Actor, room: Room, seen_free: bool = False, key: UUID | None = None
) -> VisitEvent:
    """Calls whoever is first in line; who asked for more time is passed over while it lasts.

    Raises Refused when nobody else waits, or a room `seen_free` is free no more.
    """
    with transaction.atomic():
        topic = notices.lock(clinic.topic_id)
        if done := _done_before(clinic, key):
            return done
        now = clock.now()
        visit = clinic.visits.ready(now).first()
        if visit is None:
            raise _nobody(clinic)
        return _move(topic, visit, Verb.CALL, by=by, room=room, seen_free=seen_free, key=key, now=now)


def call_together(
    clinic: Clinic, public_id: UUID, *, by: Actor, room: Room, seen_free: bool = False, key: UUID | None = None
) -> list[VisitEvent]:
    """Calls all who wait of those who checked in together with this visit; one event each, in line's order.

    The same `key` again returns the first ones. Raises Visit.DoesNotExist for a visit that is not this clinic's,
    AlreadyDone when this one does not wait any more, Refused when the room `seen_free` is free no more.
    """
    with transaction.atomic():
        topic = notices.lock(clinic.topic_id)
        if done := list(_known(clinic, key)):
            return done
        visit = clinic.visits.get(public_id=public_id)
        waiting = list(clinic.visits.in_line().of_party(visit))
        if visit not in waiting:
            raise too_late(visit, Verb.CALL, by)
        if seen_free:
            _still_free(clinic, room)
        now = clock.now()
        return [_move(topic, one, Verb.CALL, by=by, room=room, key=key, now=now) for one in waiting]


def undo(
    clinic: Clinic, public_id: UUID, *, by: Actor, seen: int | None = None, key: UUID | None = None
) -> VisitEvent:
    """Takes a visit's last move back, as a new event; the same `key` again returns the first one's.

    `seen` is the sequence of the event that the person wants undone. Raises Visit.DoesNotExist for a visit that is
    not this clinic's, AlreadyDone when somebody made another move since, or when the patient who had gone is here
    or booked again with another visit, Refused when it cannot be undone.
    """
    with transaction.atomic():
        topic = notices.lock(clinic.topic_id)
        if done := _done_before(clinic, key, public_id):
            return done
        visit = clinic.visits.get(public_id=public_id)
        last = visit.events.latest("sequence")
        slot = record.slot_after(last)
        if seen is not None and seen != last.sequence:
            raise too_late(visit, Verb.UNDO, by)
        if not can_undo(last, slot.at):
            raise Refused(_("%(ticket)s: there is nothing to undo any more.") % {"ticket": visit})
        if last.before["state"] in states.ON_SITE:
            persons.must_not_be_here(visit)
        persons.must_not_be_booked_anew(visit)
        changes = _restored(clinic, last)
        return record.write(topic, visit, Verb.UNDO, changes, by=by, slot=slot, key=key, reverses=last)


def can_undo(event: VisitEvent, now: datetime) -> bool:
    """Whether a visit's last event may still be taken back."""
    return event.verb in states.REVERSIBLE and now - event.at <= UNDO_FOR


def _nobody(clinic: Clinic) -> Refused:
    """Why nobody can be called next."""
    late = clinic.visits.in_line().count()
    if not late:
        return Refused(_("Nobody is waiting."))
    words = ngettext(
        "Nobody else is waiting: %(n)d patient asked for more time. You can still call them by their card.",
        "Nobody else is waiting: %(n)d patients asked for more time. You can still call them by their cards.",
        late,
    )
    return Refused(words % {"n": late})


def _done_before(clinic: Clinic, key: UUID | None, public_id: UUID | None = None) -> VisitEvent | None:
    known = _known(clinic, key)
    return (known.filter(visit__public_id=public_id) if public_id else known).first()


def _known(clinic: Clinic, key: UUID | None) -> QuerySet[VisitEvent]:
    """What was done under this key before; nothing without one."""
    events = VisitEvent.objects.select_related("visit").order_by("pk")
    return events.filter(visit__clinic=clinic, key=key) if key else events.none()


def _move(
    topic: Topic,
    visit: Visit,
    verb: Verb,
    *,
    by: Actor,
    room: Room | None,
    lane: Lane | None = None,
    reason: str = "",
    seen_free: bool = False,
    key: UUID | None,
    now: datetime | None = None,
) -> VisitEvent:
    target = states.after(verb, State(visit.state))
    if target is None or not _is_open_to(visit, verb):
        raise too_late(visit, verb, by)
    reason = one_line(reason)
    if verb in NEEDS_REASON and not reason:
        raise Refused(_("Say why, in a few words."))
    if seen_free:
        _still_free(visit.clinic, room)
    slot = record.next_slot(visit, now)
    changes = {"state": target, **_effects(visit, verb, target, slot.at, room, lane)}
    return record.write(topic, visit, verb, changes, by=by, slot=slot, reason=reason, key=key)


def _is_open_to(visit: Visit, verb: Verb) -> bool:
    """Whether a move that leaves the state as it is has something left to say."""
    if verb == Verb.KEEP:
        return visit.events.latest("sequence").verb == Verb.ASK
    return verb != Verb.CONFIRM or not visit.identity_checked


def _effects(
    visit: Visit, verb: Verb, target: State, at: datetime, room: Room | None, lane: Lane | None
) -> dict[str, Any]:
    effects: dict[Verb, Callable[[], dict[str, Any]]] = {
        Verb.CALL: lambda: {
            "called_at": at,
            "calls": visit.calls + 1,
            "room": _own(visit, room),
            "not_before": None,
        },
        Verb.RECALL: lambda: {"called_at": at, "calls": visit.calls + 1},
        Verb.ROOM: lambda: {"roomed_at": at, "room": _own(visit, room or visit.room)},
        Verb.STEP_OUT: lambda: {"stepped_out_at": at, "room": None},
        Verb.RETURN: lambda: {"room": None},
        Verb.CONFIRM: lambda: {"identity_checked": True},
        Verb.MOVE: lambda: _lane_change(visit, lane),
        Verb.MORE_TIME: lambda: _more_time(visit, at),
    }
    if verb in effects:
        return effects[verb]()
    return {"ended_at": at} if target in states.ENDED else {}


def _own(visit: Visit, room: Room | None) -> Room:
    kept = _kept(visit.clinic_id, room.pk) if room else None
    if kept is None:
        raise Refused(_("Choose a room first."))
    return kept


def _still_free(clinic: Clinic, room: Room | None) -> None:
    """Two clerks whose pages offer the same free room first must not send two patients to one door."""
    there = clinic.visits.filter(room=room, state__in=[State.CALLED, State.ROOMED]).first()
    if there is not None:
        words = {"room": room, "ticket": there}
        raise Refused(_("%(room)s was just taken by %(ticket)s: choose another one.") % words)


def _kept(clinic_id: int, room_id: int) -> Room | None:
    """The clinic's room, kept from being deleted until this is committed; None when it is gone."""
    return Room.objects.select_for_update(no_key=True).filter(clinic=clinic_id, pk=room_id).first()


def _lane_change(visit: Visit, lane: Lane | None) -> dict[str, Any]:
    if lane is None or visit.arrived_at is None:
        raise Refused(_("Choose a lane first."))
    return {"lane": lane, "order_key": order_key(visit.clinic, lane, visit.arrived_at, visit.booked_for)}


def _more_time(visit: Visit, at: datetime) -> dict[str, Any]:
    if times_more_time_asked(visit) >= MORE_TIME_AT_MOST:
        raise Refused(_("You asked for more time already. If you need longer, please tell the front desk."))
    return {"not_before": at + MORE_TIME, "room": None}


def times_more_time_asked(visit: Visit) -> int:
    return visit.events.filter(verb=Verb.MORE_TIME).count()


def _restored(clinic: Clinic, last: VisitEvent) -> dict[str, Any]:
    room_id = last.before["room_id"]
    if room_id and _kept(clinic.pk, room_id) is None:
        raise Refused(_("That room is gone: choose another one."))
    return {
        name: parse_datetime(value) if name.endswith(("_at", "_key", "_before")) and value else value
        for name, value in last.before.items()
    }
