"""Makes simulated acts real, through the services that people use."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID, uuid4, uuid5

from django.contrib.auth.models import User

from clinic import clock as clinic_clock
from clinic import services
from clinic.models import Clinic, Device, Room, Visit, VisitEvent
from clinic.services import Actor, AlreadyDone, Answers, Refused
from clinic.simulation import clock
from clinic.simulation.acts import Act, Outcome, Word
from clinic.simulation.people import Person
from clinic.simulation.plan import Plan
from clinic.states import OPEN, Verb

LEFT_OVER = "left over from an earlier simulation"
MISTAKE = "wrong person chosen"


class Desks:
    """The performer of a run: one desk for each of the plan's sites, in their order.

    Visits get the simulated time as theirs when `virtual`; else the time is real, and `speed` simulated seconds go
    by in one, so that bookings are for as much later.
    """

    def __init__(self, plan: Plan, desks: Sequence[Desk], *, virtual: bool, speed: float = 1.0) -> None:
        self._plan, self._desks, self._is_virtual = plan, desks, virtual
        self._speed = 1.0 if virtual else speed
        self._salt = uuid4()

    def __call__(self, act: Act, at: float) -> Outcome:
        if act.key is not None:
            # The same seed gives the same keys, and an earlier run in this database has used them.
            act = replace(act, key=uuid5(self._salt, act.key.hex))
        with clock.standing_at(self._plan.moment(at)) if self._is_virtual else nullcontext():
            return self._desks[act.clinic].do(act, self._speed)

    def clear(self) -> None:
        """Takes away whoever is still here from a run that was ended."""
        with clock.standing_at(self._plan.start) if self._is_virtual else nullcontext():
            for desk in self._desks:
                desk.clear()


@dataclass(frozen=True)
class Desk:
    """One clinic, its clerks and its kiosk. Without a kiosk, patients check in as if by the system itself."""

    clinic: Clinic
    clerks: Sequence[User]
    rooms: Sequence[Room]
    kiosk: Device | None = None

    def do(self, act: Act, speed: float = 1.0) -> Outcome:
        """What came of it: somebody else, real or simulated, may have been first."""
        special: dict[Verb, Callable[[Act, float], Outcome]] = {
            Verb.BOOK: self._book,
            Verb.CHECK_IN: self._check_in,
            Verb.CALL: self._call,
        }
        try:
            return special.get(act.verb, self._move)(act, speed)
        except AlreadyDone:
            return Outcome(Word.LATE)
        except Refused:
            return Outcome(Word.REFUSED)

    def clear(self) -> None:
        for visit in Visit.objects.of(self.clinic).filter(state__in=OPEN):
            by = Actor(user=self.clerks[0])
            services.move(self.clinic, visit.public_id, Verb.ENTER_IN_ERROR, by=by, reason=LEFT_OVER)

    def _by(self, act: Act) -> Actor:
        return Actor(device=self.kiosk) if act.clerk is None else Actor(user=self.clerks[act.clerk])

    def _book(self, act: Act, speed: float) -> Outcome:
        at = clinic_clock.now() + timedelta(seconds=act.booked_in / speed)
        return _visits(services.book(self.clinic, _answers(act.people[0]), at, by=self._by(act)))

    def _check_in(self, act: Act, speed: float) -> Outcome:
        if act.visit is not None:
            return _visits(services.arrive(self.clinic, act.visit, by=self._by(act)))
        said = [_answers(person, booked=act.claims_booking) for person in act.people]
        if len(said) > 1:
            return _visits(*services.check_in_together(self.clinic, said, by=self._by(act), key=act.key))
        return _visits(services.check_in(self.clinic, said[0], by=self._by(act), key=act.key, lane=act.lane))

    def _call(self, act: Act, speed: float) -> Outcome:
        by, room = self._by(act), self.rooms[act.room]
        if act.visit is None:
            return _events(services.call_next(self.clinic, by=by, room=room, seen_free=True))
        if act.together:
            return _events(*services.call_together(self.clinic, act.visit, by=by, room=room, seen_free=True))
        event = services.move(self.clinic, act.visit, act.verb, by=by, room=room, seen_free=True)
        return _events(event)

    def _move(self, act: Act, speed: float) -> Outcome:
        visit: UUID = act.visit  # type: ignore[assignment]
        if act.verb == Verb.UNDO:
            return _events(services.undo(self.clinic, visit, by=self._by(act), seen=act.seen))
        lane = act.lane if act.verb == Verb.MOVE else None
        reason = MISTAKE if act.verb == Verb.ENTER_IN_ERROR else ""
        event = services.move(self.clinic, visit, act.verb, by=self._by(act), lane=lane, reason=reason)
        return _events(event)


def _visits(*visits: Visit) -> Outcome:
    return Outcome(Word.DONE, tuple(visit.public_id for visit in visits))


def _events(*events: VisitEvent) -> Outcome:
    visits = tuple(event.visit.public_id for event in events)
    return Outcome(Word.DONE, visits, tuple(event.sequence for event in events))


def _answers(person: Person, *, booked: bool = False) -> Answers:
    return Answers(
        given_name=person.given_name,
        family_name=person.family_name,
        birth_date=person.birth_date,
        phone=person.phone,
        reason=person.reason,
        language=person.language,
        booked=booked,
        answered_by=person.answered_by,
    )
