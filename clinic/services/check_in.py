"""A patient arrives, or is booked: the kiosk's, the desk's and the simulator's one way in."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import count
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from clinic import clock, estimates, phone_links
from clinic.calendar import ONE_DAY
from clinic.models import Clinic, Visit
from clinic.models.visits import Reason
from clinic.services import persons, record, searches
from clinic.services.actors import Actor, Refused, too_late
from clinic.services.help_requests import ask_for_help
from clinic.services.line import order_key
from clinic.services.moves import UNDO_FOR
from clinic.services.searches import Found, Search
from clinic.states import Lane, State, Verb
from clinic.tickets import ticket
from realtime import notices
from realtime.models import Topic

logger = logging.getLogger(__name__)

LARGEST_PARTY = 8


class AskAtDesk(Refused):
    """The desk is called: a person has to see who this is."""


@dataclass(frozen=True)
class Answers:
    """What a patient, or somebody for them, has said. Already validated by a form.

    `answered_by`: the adult who answers for a child. `booked`: says that they have an appointment. `needs_help`:
    moving, seeing, hearing or understanding is hard. `red_flag`: asked for help at once while they answered.
    """

    family_name: str
    birth_date: date
    given_name: str = ""
    phone: str = ""
    reason: str = Reason.PRIVATE
    language: str = "en"
    booked: bool = False
    answered_by: str = ""
    needs_help: bool = False
    red_flag: bool = False


def check_in(
    clinic: Clinic,
    answers: Answers,
    *,
    by: Actor,
    key: UUID | None = None,
    lane: Lane = Lane.STANDARD,
    identity_checked: bool = False,
    beside: Visit | None = None,
    newly: bool = False,
) -> Visit:
    """The patient's visit, now waiting and with a ticket; the same `key` and person again give the same visit.

    Somebody who is here already gets the same ticket again, and is back in line if they had stepped out. One who
    is expected takes up that booking, by birth date and both names; who says that they are booked, and is not
    found, becomes a walk-in that the desk is told of: to the one who asks, hit and miss look alike. A booking
    keeps its lane unless another than the standard one is given. `beside`: they are together with this visit.
    `newly`: raises AlreadyDone for somebody who is here, whom a clerk finds on the board.
    """
    with transaction.atomic():
        topic = notices.lock(clinic.topic_id)
        form = _Form(clinic, by, clock.now(), lane, identity_checked, newly)
        return form.hand_in(topic, answers, key, beside)


def check_in_together(
    clinic: Clinic, people: Sequence[Answers], *, by: Actor, key: UUID | None = None
) -> list[Visit]:
    """One visit for each of up to LARGEST_PARTY people who came together: all of them, or none.

    As `check_in` for each. Where one of them is here already, the others join that one's party. A device that was
    asked too often for people who are not booked, or are here already, finds nobody for a while, nor the rest of a
    party that uses up what was left. Who is booked is a walk-in then, which the desk is told of where they say so;
    who is here is sent to the desk with the whole party, by AskAtDesk. Raises ValueError for nobody or too many.
    The audit is told of each whom a device was asked for, until it finds nobody.
    """
    if not 0 < len(people) <= LARGEST_PARTY:
        raise ValueError(f"{len(people)} people cannot check in together")
    form = _Form(clinic, by, clock.now(), may_try=searches.left(by.device))
    try:
        visits = _all(form, people, key)
    except AskAtDesk:
        searches.count(by.device, form.searches)
        with transaction.atomic():
            ask_for_help(clinic, by.device)
            searches.tell(clinic, by.device, form.searches, form.now)
        raise
    searches.count(by.device, form.searches)
    return visits


def _all(form: _Form, people: Sequence[Answers], key: UUID | None) -> list[Visit]:
    with transaction.atomic():
        topic, visits = notices.lock(form.clinic.topic_id), list[Visit]()
        beside = next(filter(None, (persons.visit_on_site(form.clinic, answers) for answers in people)), None)
        for answers in people:
            visits.append(form.hand_in(topic, answers, key, beside or (visits[0] if visits else None)))
        searches.tell(form.clinic, form.by.device, form.searches, form.now)
        return visits


@dataclass(frozen=True)
class _Form:
    """What is the same for all who check in together.

    `searches`: whom it was asked for, and what it found. `may_try`: after so many of these that count it tells
    nothing more of people by name; None for no limit.
    """

    clinic: Clinic
    by: Actor
    now: datetime
    lane: Lane = Lane.STANDARD
    identity_checked: bool = False
    newly: bool = False
    may_try: int | None = None
    searches: list[Search] = field(default_factory=list)

    @property
    def finds(self) -> bool:
        return self.may_try is None or sum(one.counts for one in self.searches) < self.may_try

    def hand_in(self, topic: Topic, answers: Answers, key: UUID | None, beside: Visit | None) -> Visit:
        own_key = persons.own_key(key, answers) if key else None
        if own_key and (known := self.clinic.visits.filter(idempotency_key=own_key).first()):
            return known
        if here := persons.visit_on_site(self.clinic, answers):
            if self.newly:
                raise persons.here_already(here)
            return self._again(topic, here, answers)
        return self._admit(topic, answers, own_key, beside)

    def _admit(self, topic: Topic, answers: Answers, key: UUID | None, beside: Visit | None) -> Visit:
        booking = self._booking(answers)
        visit = booking or Visit(clinic=self.clinic, lane=self.lane)
        slot = record.next_slot(visit, self.now)
        arrival = _arrival(visit, slot.at, self.lane if self.lane != Lane.STANDARD else visit.lane)
        changes = {
            **_said(answers, booking),
            **arrival,
            **_promise(self.clinic, arrival, slot.at),
            "idempotency_key": key,
            "identity_checked": self.identity_checked,
            "booking_claimed": answers.booked,
            "party_id": (beside.party_id or beside.pk) if beside else None,
        }
        record.write(topic, visit, Verb.CHECK_IN, changes, by=self.by, slot=slot)
        return visit

    def _booking(self, answers: Answers) -> Visit | None:
        if not self.finds:
            return None
        found = persons.booking(self.clinic, answers, self.now, claimed=answers.booked)
        if answers.booked:
            self.searches.append(Search(Found.BOOKING if found else Found.NOTHING, answers))
        return found

    def _again(self, topic: Topic, visit: Visit, answers: Answers) -> Visit:
        """The same ticket. Who stepped out, or was asked for, is awaited: nobody else comes for that."""
        slot = record.next_slot(visit, self.now)
        if visit.state == State.STEPPED_OUT:
            changes = {"state": State.WAITING, "room": None}
            record.write(topic, visit, Verb.RETURN, changes, by=self.by, slot=slot)
        elif visit.events.filter(sequence=slot.sequence - 1, verb=Verb.ASK).exists():
            # The desk was asked whether they are still here: they are.
            record.write(topic, visit, Verb.KEEP, {}, by=self.by, slot=slot)
        elif not self.finds:
            raise AskAtDesk(_("Please go to the front desk to check in."))
        else:
            self.searches.append(Search(Found.HERE, answers))
        return visit


def arrive(clinic: Clinic, public_id: UUID, *, by: Actor) -> Visit:
    """A booked patient whom the desk knows is here.

    Raises AlreadyDone if they are not expected any more, or are here already with another visit.
    """
    with transaction.atomic():
        topic = notices.lock(clinic.topic_id)
        visit = clinic.visits.get(public_id=public_id)
        if visit.state != State.EXPECTED:
            raise too_late(visit, Verb.CHECK_IN, by)
        persons.must_not_be_here(visit)
        slot = record.next_slot(visit)
        arrival = _arrival(visit, slot.at, visit.lane)
        changes = {**arrival, **_promise(clinic, arrival, slot.at), "identity_checked": True}
        record.write(topic, visit, Verb.CHECK_IN, changes, by=by, slot=slot)
        return visit


def speak(clinic: Clinic, public_ids: Iterable[UUID], language: str) -> None:
    """From now on these visits are spoken to in this language: by voice, on their phones, and at the desk."""
    with transaction.atomic():
        topic = notices.lock(clinic.topic_id)
        others = clinic.visits.filter(public_id__in=public_ids).exclude(language=language)
        if others.update(language=language):
            notices.announce(topic)


def book(clinic: Clinic, answers: Answers, booked_for: datetime, *, by: Actor) -> Visit:
    """An expected visit at a time to come."""
    with transaction.atomic():
        topic = notices.lock(clinic.topic_id)
        visit = Visit(clinic=clinic, day=clinic.day(booked_for), booked_for=booked_for, booking_claimed=True)
        changes = {**_said(answers), "state": State.EXPECTED}
        record.write(topic, visit, Verb.BOOK, changes, by=by, slot=record.next_slot(visit))
        return visit


def _said(answers: Answers, booking: Visit | None = None) -> dict[str, Any]:
    """What to store. The names of a booking stand: they came from the clinic, not from a kiosk's keys.

    A first name that it lacks is taken, though: without it, this person would not be known again.
    """
    said: dict[str, Any] = {
        name: getattr(answers, name) for name in ("language", "answered_by", "needs_help", "red_flag")
    }
    if answers.phone or booking is None:
        said["phone"] = answers.phone
    if answers.reason != Reason.PRIVATE or booking is None:
        said["reason"] = answers.reason
    if booking is None:
        said |= {"family_name": answers.family_name, "birth_date": answers.birth_date}
    if booking is None or not booking.given_name:
        said["given_name"] = answers.given_name
    return said


def _arrival(visit: Visit, at: datetime, lane: str) -> dict[str, Any]:
    clinic, day = visit.clinic, visit.clinic.day(at)
    number, code = _next_ticket(clinic, day, at)
    return {
        "state": State.WAITING,
        "lane": lane,
        "day": day,
        "day_number": number,
        "ticket": code,
        "arrived_at": at,
        "order_key": order_key(clinic, lane, at, visit.booked_for),
        "phone_hash": phone_links.new_hash(visit),
    }


def _promise(clinic: Clinic, arrival: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """The wait to name to somebody who arrives, kept as it is named. No check-in fails for want of it."""
    try:
        # Its own savepoint: else PostgreSQL would refuse all that follows a query that failed.
        with transaction.atomic():
            found = estimates.promise(clinic, arrival["order_key"], at)
    except Exception:
        logger.exception("a wait at clinic %s could not be estimated", clinic.pk)
        return {}
    return {"promised_from": found.low, "promised_to": found.high} if found else {}


def _next_ticket(clinic: Clinic, day: date, at: datetime) -> tuple[int, str]:
    """The day's next number and its code, past the codes of the day before that are shown, or may be again."""
    visits = clinic.visits
    last = visits.filter(day=day).aggregate(Max("day_number"))["day_number__max"] or 0
    # Two queries: an index serves each, and none serves both; a clinic's whole history would be read.
    may_return = visits.filter(day__gte=day - 2 * ONE_DAY, ended_at__gte=at - UNDO_FOR)
    taken = {
        code
        for some in (visits.on_site(), may_return)
        for code in some.exclude(day=day).values_list("ticket", flat=True)
    }
    try:
        return next((n, code) for n in count(last + 1) if (code := ticket(n)) not in taken)
    except ValueError:
        raise Refused(_("All of today's tickets are used. Please go to the front desk.")) from None
