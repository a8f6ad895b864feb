"""The clinic in the plain model: lists and dictionaries that obey the same rules as the services."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from clinic import states
from clinic.services import Actor
from clinic.states import ON_SITE, State, Verb
from clinic.tickets import ticket
from tests.models.stays import LATE, NEEDS, Person, Stay, Step, effect

UNDO_FOR = timedelta(minutes=10)
IRREVERSIBLE = {
    Verb.BOOK, Verb.REBOOK, Verb.CHECK_IN, Verb.RECALL, Verb.ENTER_IN_ERROR, Verb.UNDO, Verb.ASK, Verb.KEEP,
    Verb.MORE_TIME,
}  # fmt: skip


class No(Exception):
    """The model refuses. Why, if not for another reason: `first` was first, or the person is `here` already."""

    def __init__(self, first: Actor | None = None, here: Stay | None = None) -> None:
        self.first, self.here = first, here


class ClinicModel:
    """One clinic's queue. Every method takes `now` first, and changes nothing when it raises No."""

    def __init__(self, zone: str) -> None:
        self.zone = ZoneInfo(zone)
        self.stays: list[Stay] = []
        # The kiosks (by pk) whose call for help nobody has taken.
        self.alarms: set[int] = set()
        self.alarms_raised = self.alarms_taken = 0

    # --- What is true -------------------------------------------------------------------------------------------

    @property
    def events(self) -> int:
        return sum(len(stay.history) for stay in self.stays)

    @property
    def version(self) -> int:
        """One more for each change; a new topic is at 1."""
        return 1 + self.events + self.alarms_raised + self.alarms_taken

    def day(self, at: datetime) -> date:
        """From four in the morning to the next."""
        local = at.astimezone(self.zone)
        return local.date() - timedelta(days=local.hour < 4)

    def in_state(self, *wanted: str) -> list[Stay]:
        return [stay for stay in self.stays if stay.state in wanted]

    def line(self) -> list[Stay]:
        """Those who wait, the next first."""
        return sorted(self.in_state(State.WAITING), key=lambda stay: (stay.order_key, stay.pk))

    def here(self, person: Person) -> Stay | None:
        found = [stay for stay in self.stays if stay.is_here and stay.person.identity == person.identity]
        assert len(found) < 2, "one person is here twice"
        return found[0] if found else None

    def _must_not_be_here(self, stay: Stay) -> None:
        if here := self.here(stay.person):
            raise No(here=here)

    # --- Arrivals -----------------------------------------------------------------------------------------------

    def book(self, now: datetime, person: Person, booked_for: datetime, by: Actor) -> Stay:
        stay = Stay(person, booked_for=booked_for, day=self.day(booked_for), booking_claimed=True)
        stay.change(Verb.BOOK, by, now, state=State.EXPECTED)
        self.stays.append(stay)
        return stay

    def check_in(
        self,
        now: datetime,
        person: Person,
        by: Actor,
        key: UUID | None = None,
        claimed: bool = False,
        lane: str = "standard",
        checked: bool = False,
        beside: Stay | None = None,
    ) -> Stay:
        own = uuid.uuid5(key, "|".join((*person.key, person.birth_date.isoformat()))) if key else None
        if own and (known := [stay for stay in self.stays if stay.idempotency_key == own]):
            return known[0]
        if stay := self.here(person):
            if stay.state == State.STEPPED_OUT:
                stay.change(Verb.RETURN, by, stay.time(now), state=State.WAITING, room_id=None)
            elif stay.last.verb == Verb.ASK:
                stay.change(Verb.KEEP, by, stay.time(now))
            return stay
        stay = self._booking(now, person, claimed) or self._walk_in(person)
        if not stay.person.given_name:
            stay.person = replace(stay.person, given_name=person.given_name, key=person.key)
        stay.idempotency_key, stay.booking_claimed = own, claimed
        stay.party = (beside.party or beside) if beside else None
        self._arrive(now, stay, by, lane if lane != "standard" else stay.lane, checked)
        return stay

    def check_in_together(
        self, now: datetime, people: list[tuple[Person, bool]], by: Actor, key: UUID
    ) -> list[Stay]:
        stays: list[Stay] = []
        here = next((stay for person, _claimed in people if (stay := self.here(person))), None)
        for person, claimed in people:
            stays.append(self.check_in(now, person, by, key, claimed, beside=here or (stays or [None])[0]))
        return stays

    def arrive(self, now: datetime, stay: Stay, by: Actor) -> Stay:
        if stay.state != State.EXPECTED:
            raise self._late(stay, Verb.CHECK_IN)
        self._must_not_be_here(stay)
        self._arrive(now, stay, by, stay.lane, True)
        return stay

    def _walk_in(self, person: Person) -> Stay:
        self.stays.append(Stay(person))
        return self.stays[-1]

    def _booking(self, now: datetime, person: Person, claimed: bool) -> Stay | None:
        """The booking of this person: the same name, or, for one who says so, the only one that may be theirs."""
        fits = [
            stay
            for stay in sorted(self.in_state(State.EXPECTED), key=lambda stay: (stay.booked_for, stay.pk))
            if stay.person.identity[1:] == person.identity[1:] and self._is_of_now(now, stay)
        ]
        same = [stay for stay in fits if stay.person.key == person.key]
        unnamed = [stay for stay in fits if not (stay.person.key[0] and person.key[0])]
        if same:
            return min(same, key=lambda stay: abs(stay.booked_for - now))
        return unnamed[0] if claimed and len(unnamed) == 1 and not self.here(unnamed[0].person) else None

    def _is_of_now(self, now: datetime, stay: Stay) -> bool:
        assert stay.booked_for
        return stay.day == self.day(now) or abs(stay.booked_for - now) <= LATE

    def _arrive(self, now: datetime, stay: Stay, by: Actor, lane: str, checked: bool) -> None:
        at = stay.time(now)
        stay.arrived_at, stay.day = at, self.day(at)
        stay.day_number = None
        stay.day_number, stay.ticket = self._next_ticket(stay.day, at)
        changes = {"state": State.WAITING, "lane": lane, "identity_checked": checked}
        stay.change(Verb.CHECK_IN, by, at, **changes, order_key=stay.place(lane))

    def _next_ticket(self, day: date, at: datetime) -> tuple[int, str]:
        number = max((stay.day_number or 0 for stay in self.stays if stay.day == day), default=0) + 1
        while ticket(number) in {stay.ticket for stay in self.stays if stay.day != day and _may_show(stay, at)}:
            number += 1
        return number, ticket(number)

    # --- Moves --------------------------------------------------------------------------------------------------

    def move(
        self, now: datetime, stay: Stay, verb: Verb, by: Actor, key: UUID | None = None, **given: Any
    ) -> list[Step]:
        if done := [step for step in stay.history if key and step.key == key]:
            return done
        return [self._move(now, stay, verb, by, key, given)]

    def call_next(self, now: datetime, by: Actor, key: UUID | None = None, **given: Any) -> list[Step]:
        if done := self._known(key):
            return done[:1]
        line = [stay for stay in self.line() if not stay.not_before or stay.not_before <= now]
        if not line:
            raise No
        return [self._move(now, line[0], Verb.CALL, by, key, given)]

    def call_together(
        self, now: datetime, stay: Stay, by: Actor, key: UUID | None = None, **given: Any
    ) -> list[Step]:
        if done := self._known(key):
            return done
        first = stay.party or stay
        waiting = [one for one in self.line() if one is first or one.party is first]
        if stay not in waiting:
            raise self._late(stay, Verb.CALL)
        self._check_room(given)
        return [self._move(now, one, Verb.CALL, by, key, {"room": given["room"]}) for one in waiting]

    def undo(
        self, now: datetime, stay: Stay, by: Actor, seen: int | None = None, key: UUID | None = None
    ) -> list[Step]:
        if done := [step for step in stay.history if key and step.key == key]:
            return done
        if seen is not None and seen != len(stay.history):
            raise No(stay.last.by)
        if not self.can_undo(stay, stay.time(now)):
            raise No
        if stay.last.before["state"] in ON_SITE and not stay.is_here:
            self._must_not_be_here(stay)
        stay.change(Verb.UNDO, by, stay.time(now), key, **stay.last.before)
        return [stay.last]

    def can_undo(self, stay: Stay, now: datetime) -> bool:
        return stay.last.verb not in IRREVERSIBLE and now - stay.last.at <= UNDO_FOR

    def _move(
        self, now: datetime, stay: Stay, verb: Verb, by: Actor, key: UUID | None, given: dict[str, Any]
    ) -> Step:
        to_state = states.after(verb, State(stay.state))
        if to_state is None or not says_something(stay, verb):
            raise self._late(stay, verb)
        if verb in NEEDS and not given.get(NEEDS[verb]):
            raise No
        if asked_enough(stay, verb):
            raise No
        self._check_room(given)
        at = stay.time(now)
        stay.change(verb, by, at, key, **effect(verb, to_state, stay, at, given))
        return stay.last

    def _known(self, key: UUID | None) -> list[Step]:
        steps = [step for stay in self.stays for step in stay.history if key and step.key == key]
        return sorted(steps, key=lambda step: step.serial)

    def _check_room(self, given: dict[str, Any]) -> None:
        taken = {stay.room_id for stay in self.in_state(State.CALLED, State.ROOMED)}
        if given.get("seen_free") and given["room"].pk in taken:
            raise No

    def _late(self, stay: Stay, verb: Verb) -> No:
        """Whoever checked the identity, answered the question, or else brought the visit to where it is."""
        steps = [step for step in stay.history if step.from_state != step.to_state or verb == Verb.KEEP]
        if verb == Verb.CONFIRM and stay.identity_checked:
            steps = [step for step in stay.history if step.verb in (Verb.CONFIRM, Verb.CHECK_IN)]
        return No(steps[-1].by)

    # --- Calls for help -----------------------------------------------------------------------------------------

    def ask_for_help(self, kiosk: int) -> None:
        self.alarms_raised += kiosk not in self.alarms
        self.alarms.add(kiosk)

    def take_help(self, kiosk: int) -> None:
        self.alarms_taken += kiosk in self.alarms
        self.alarms.discard(kiosk)


def says_something(stay: Stay, verb: Verb) -> bool:
    """An identity is checked once; whether somebody is still here is said to one who asks."""
    return stay.last.verb == Verb.ASK if verb == Verb.KEEP else verb != Verb.CONFIRM or not stay.identity_checked


def asked_enough(stay: Stay, verb: Verb) -> bool:
    """More time is asked for three times."""
    return verb == Verb.MORE_TIME and sum(step.verb == verb for step in stay.history) >= 3


def _may_show(stay: Stay, at: datetime) -> bool:
    """Whether somebody's ticket is shown, or may be again by an undo."""
    return stay.is_here or (stay.ended_at is not None and stay.ended_at >= at - UNDO_FOR)
