"""A patient arrives, or is booked: the kiosk's, the desk's and the simulator's one way in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from itertools import count
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.models import Clinic, Visit
from clinic.models.visits import Reason, name_key
from clinic.services import record
from clinic.services.actors import Actor, Refused, too_late
from clinic.services.line import order_key
from clinic.states import ON_SITE, Lane, State, Verb
from clinic.tickets import ticket
from realtime import notices


@dataclass(frozen=True)
class Answers:
    """What a patient, or a clerk for them, has said. Already validated by a form."""

    family_name: str
    birth_date: date
    given_name: str = ""
    phone: str = ""
    reason: str = Reason.PRIVATE
    language: str = "en"
    booked: bool = False


def check_in(
    clinic: Clinic,
    answers: Answers,
    *,
    by: Actor,
    key: UUID | None = None,
    lane: Lane = Lane.STANDARD,
    identity_checked: bool = False,
) -> Visit:
    """The patient's visit, now waiting and with a ticket; the same `key` again gives the same visit.

    Someone who says that they are booked is looked for among today's bookings, by birth date and last name. A miss
    becomes a walk-in that the desk is told of: to the one who asks, hit and miss look alike. A booking keeps its
    lane unless another than the standard one is given.
    """
    with transaction.atomic():
        topic = notices.lock(clinic.topic_id)
        if key and (known := clinic.visits.filter(idempotency_key=key).first()):
            return known
        booking = _booking(clinic, answers, timezone.now()) if answers.booked else None
        visit = booking or Visit(clinic=clinic, lane=lane)
        slot = record.next_slot(visit)
        changes = {
            **_said(answers, is_known=booking is not None),
            **_arrival(visit, slot.at, lane if lane != Lane.STANDARD else visit.lane),
            "idempotency_key": key,
            "identity_checked": identity_checked,
            "booking_claimed": answers.booked,
        }
        record.write(topic, visit, Verb.CHECK_IN, changes, by=by, slot=slot)
        return visit


def arrive(clinic: Clinic, public_id: UUID, *, by: Actor) -> Visit:
    """A booked patient whom the desk knows is here. Raises AlreadyDone if they are not expected any more."""
    with transaction.atomic():
        topic = notices.lock(clinic.topic_id)
        visit = clinic.visits.get(public_id=public_id)
        if visit.state != State.EXPECTED:
            raise too_late(visit, Verb.CHECK_IN, by)
        slot = record.next_slot(visit)
        changes = {**_arrival(visit, slot.at, visit.lane), "identity_checked": True}
        record.write(topic, visit, Verb.CHECK_IN, changes, by=by, slot=slot)
        return visit


def book(clinic: Clinic, answers: Answers, booked_for: datetime, *, by: Actor) -> Visit:
    """An expected visit at a time to come."""
    with transaction.atomic():
        topic = notices.lock(clinic.topic_id)
        visit = Visit(clinic=clinic, day=clinic.day(booked_for), booked_for=booked_for, booking_claimed=True)
        changes = {**_said(answers, is_known=False), "state": State.EXPECTED}
        record.write(topic, visit, Verb.BOOK, changes, by=by, slot=record.next_slot(visit))
        return visit


def _said(answers: Answers, *, is_known: bool) -> dict[str, Any]:
    """What to store. The names of a booking stand: they came from the clinic, not from a kiosk's keys."""
    said: dict[str, Any] = {"language": answers.language}
    if answers.phone or not is_known:
        said["phone"] = answers.phone
    if answers.reason != Reason.PRIVATE or not is_known:
        said["reason"] = answers.reason
    if not is_known:
        said |= {name: getattr(answers, name) for name in ("given_name", "family_name", "birth_date")}
    return said


def _arrival(visit: Visit, at: datetime, lane: str) -> dict[str, Any]:
    clinic, day = visit.clinic, visit.clinic.day(at)
    number, code = _next_ticket(clinic, day)
    return {
        "state": State.WAITING,
        "lane": lane,
        "day": day,
        "day_number": number,
        "ticket": code,
        "arrived_at": at,
        "order_key": order_key(clinic, lane, at, visit.booked_for),
    }


def _next_ticket(clinic: Clinic, day: date) -> tuple[int, str]:
    """The day's next number and its code, past the codes of those who wait here since the day before."""
    visits = clinic.visits
    last = visits.filter(day=day).aggregate(Max("day_number"))["day_number__max"] or 0
    taken = set(
        visits.filter(state__in=ON_SITE - {State.ROOMED}).exclude(day=day).values_list("ticket", flat=True)
    )
    try:
        return next((n, code) for n in count(last + 1) if (code := ticket(n)) not in taken)
    except ValueError:
        raise Refused(_("All of today's tickets are used. Please go to the front desk.")) from None


def _booking(clinic: Clinic, answers: Answers, at: datetime) -> Visit | None:
    """The one booking of now with this birth date and last name; the first name tells twins apart."""
    found = [
        visit
        for visit in clinic.visits.filter(
            state=State.EXPECTED,
            birth_date=answers.birth_date,
            family_name_key=name_key(answers.family_name),
        ).order_by("booked_for", "pk")
        if visit.booked_for and clinic.may_arrive(visit.booked_for, at)
    ]
    same = [visit for visit in found if name_key(visit.given_name) == name_key(answers.given_name)]
    if same:
        return same[0]
    return found[0] if len(found) == 1 else None
