"""Bookings as schedules tell of them, by the schedule's own id: the one way in for messages and uploaded lists.

All may come again, late, or in any order. Nothing is written, and nobody told, where nothing changes; and what a
schedule says of somebody who has arrived changes nothing any more: the visit is the desk's by then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from django.db import transaction

from clinic.models import Clinic, Visit
from clinic.models.visits import name_key
from clinic.services import record
from clinic.services.actors import Actor
from clinic.states import CALLED_OFF, State, Verb
from realtime import notices
from realtime.models import Topic


@dataclass(frozen=True)
class Appointment:
    """What a schedule says of one appointment, already validated.

    `booking_id`: what the schedule calls it; "" where person and time must do. `phone`: as +1..., or "".
    """

    booked_for: datetime
    family_name: str
    birth_date: date
    given_name: str = ""
    phone: str = ""
    booking_id: str = ""


class Became(StrEnum):
    """What came of a schedule's word."""

    BOOKED = "booked"
    CHANGED = "changed"
    SAME = "same"
    ENDED = "ended"
    ARRIVED = "arrived"
    CALLED_OFF = "called_off"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Outcome:
    """What came of it, and the visit that it is about; None for one that nobody knows."""

    became: Became
    visit: Visit | None = None


def put(clinic: Clinic, appointment: Appointment, *, by: Actor, is_new: bool = False) -> Outcome:
    """Books it, or changes the booking to it: BOOKED, CHANGED, SAME, ARRIVED or CALLED_OFF.

    One that was called off here, and is told of once more as it was, stays so; unless the schedule says that it
    `is_new`, or gives it another time: then it is a new visit.
    """
    return put_all(clinic, [appointment], by=by, is_new=is_new)[0]


def put_all(
    clinic: Clinic, appointments: Sequence[Appointment], *, by: Actor, is_new: bool = False
) -> list[Outcome]:
    """The same for several: all of them or none. Keep them few: the clinic's desk and kiosks wait meanwhile."""
    with transaction.atomic():
        topic = notices.lock(clinic.topic_id)
        return [_put(topic, clinic, appointment, by, is_new) for appointment in appointments]


def end(clinic: Clinic, booking_id: str, verb: Verb, *, by: Actor) -> Outcome:
    """Cancels it, or notes that nobody came, as `verb` says: ENDED, SAME if it had ended, ARRIVED or UNKNOWN."""
    if verb not in (Verb.CANCEL, Verb.NO_SHOW):
        raise ValueError(f"{verb} does not end a booking")
    with transaction.atomic():
        topic = notices.lock(clinic.topic_id)
        visit = _by_id(clinic, booking_id)
        if visit is None:
            return Outcome(Became.UNKNOWN)
        if visit.state != State.EXPECTED:
            return Outcome(Became.SAME if visit.state in CALLED_OFF else Became.ARRIVED, visit)
        slot = record.next_slot(visit)
        state = State.CANCELLED if verb == Verb.CANCEL else State.NO_SHOW
        changes = {"state": state, "ended_at": slot.at}
        record.write(topic, visit, verb, changes, by=by, slot=slot, from_schedule=True)
        return Outcome(Became.ENDED, visit)


def _put(topic: Topic, clinic: Clinic, appointment: Appointment, by: Actor, is_new: bool) -> Outcome:
    visit = _known(clinic, appointment)
    if visit is None:
        return _book(topic, clinic, appointment, by)
    if visit.state in CALLED_OFF:
        if is_new or visit.booked_for != appointment.booked_for:
            return _book(topic, clinic, appointment, by)
        return Outcome(Became.CALLED_OFF, visit)
    if visit.state != State.EXPECTED:
        return Outcome(Became.ARRIVED, visit)
    return _change(topic, visit, appointment, by)


def _book(topic: Topic, clinic: Clinic, appointment: Appointment, by: Actor) -> Outcome:
    visit = Visit(clinic=clinic, booking_claimed=True)
    changes = {**_said(clinic, appointment), "state": State.EXPECTED}
    slot = record.next_slot(visit)
    record.write(topic, visit, Verb.BOOK, changes, by=by, slot=slot, from_schedule=bool(appointment.booking_id))
    return Outcome(Became.BOOKED, visit)


def _change(topic: Topic, visit: Visit, appointment: Appointment, by: Actor) -> Outcome:
    said = _said(visit.clinic, appointment)
    # What a schedule leaves out it does not take back; unless it gives the appointment to somebody else.
    kept = {"booking_id"} if _is_another(visit, appointment) else {"booking_id", "given_name", "phone"}
    new = {name: value for name, value in said.items() if value or name not in kept}
    changes = {name: value for name, value in new.items() if getattr(visit, name) != value}
    if not changes:
        return Outcome(Became.SAME, visit)
    slot, what = record.next_slot(visit), ", ".join(changes)
    schedules = bool(visit.booking_id or appointment.booking_id)
    record.write(topic, visit, Verb.REBOOK, changes, by=by, slot=slot, reason=what, from_schedule=schedules)
    return Outcome(Became.CHANGED, visit)


def _is_another(visit: Visit, appointment: Appointment) -> bool:
    person = (name_key(appointment.family_name), appointment.birth_date)
    return (visit.family_name_key, visit.birth_date) != person


def _said(clinic: Clinic, appointment: Appointment) -> dict[str, Any]:
    return {
        "booking_id": appointment.booking_id,
        "booked_for": appointment.booked_for,
        "day": clinic.day(appointment.booked_for),
        "given_name": appointment.given_name,
        "family_name": appointment.family_name,
        "birth_date": appointment.birth_date,
        "phone": appointment.phone,
    }


def _known(clinic: Clinic, appointment: Appointment) -> Visit | None:
    """The visit that this appointment is: by its id, else that of the same person at the same time.

    Another id is another appointment.
    """
    if appointment.booking_id and (visit := _by_id(clinic, appointment.booking_id)):
        return visit
    theirs = clinic.visits.of_person(appointment.given_name, appointment.family_name, appointment.birth_date)
    same = theirs.filter(booked_for=appointment.booked_for)
    if appointment.booking_id:
        same = same.filter(booking_id="")
    return same.order_by("-pk").first()


def _by_id(clinic: Clinic, booking_id: str) -> Visit | None:
    """The last visit that this appointment became: of several, those before it were called off."""
    return clinic.visits.filter(booking_id=booking_id).exclude(booking_id="").order_by("-pk").first()
