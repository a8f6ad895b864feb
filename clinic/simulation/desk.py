"""A simulated desk: makes scheduled acts real, through the services that people use."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

from django.contrib.auth.models import User
from django.utils import timezone

from clinic import services
from clinic.models import Clinic, Visit
from clinic.services import Actor, Answers, Refused
from clinic.simulation.agenda import Act
from clinic.simulation.people import Patient
from clinic.states import OPEN, Verb

ENDS_THE_CASE = frozenset({Verb.CHECK_IN, Verb.DISCHARGE, Verb.LEFT, Verb.NO_SHOW, Verb.UNDO, Verb.RETURN})
LEFT_OVER = "left over from an earlier simulation"


class Desk:
    """One clinic and whoever works in it. `speed`: simulated seconds in a second."""

    def __init__(self, clinic: Clinic, user: User, speed: float) -> None:
        self.clinic = clinic
        self._by, self._speed = Actor(user=user), speed
        self._rooms = list(clinic.rooms.all())
        self._cases: dict[int, UUID] = {}

    def do(self, act: Act) -> bool:
        """Whether it could be done: real people may work here too, and one of them may have been first."""
        special: dict[Verb, Callable[[Act], None]] = {
            Verb.BOOK: self._book,
            Verb.CHECK_IN: self._check_in,
            Verb.CALL: self._call,
            Verb.UNDO: self._undo,
        }
        try:
            special.get(act.verb, self._move)(act)
        except Refused:
            return False
        finally:
            if act.verb in ENDS_THE_CASE:
                self._cases.pop(act.case, None)
        return True

    def clear(self) -> None:
        """Takes away whoever is still here from a run that was ended."""
        for visit in Visit.objects.of(self.clinic).filter(state__in=OPEN):
            services.move(self.clinic, visit.public_id, Verb.ENTER_IN_ERROR, by=self._by, reason=LEFT_OVER)

    def _book(self, act: Act) -> None:
        at = timezone.now() + timedelta(seconds=(act.booked_in or 0.0) / self._speed)
        visit = services.book(self.clinic, _answers(act.patient), at, by=self._by)
        self._cases[act.case] = visit.public_id

    def _check_in(self, act: Act) -> None:
        if act.patient is None:
            services.arrive(self.clinic, self._visit_of(act), by=self._by)
            return
        said = _answers(act.patient, booked=act.case in self._cases)
        services.check_in(self.clinic, said, by=self._by, key=uuid4(), lane=act.patient.lane)

    def _call(self, act: Act) -> None:
        event = services.call_next(self.clinic, by=self._by, room=self._rooms[act.room])
        self._cases[act.case] = event.visit.public_id

    def _undo(self, act: Act) -> None:
        services.undo(self.clinic, self._visit_of(act), by=self._by)

    def _move(self, act: Act) -> None:
        if act.from_line and (last := Visit.objects.of(self.clinic).in_line().last()):
            self._cases[act.case] = last.public_id
        services.move(self.clinic, self._visit_of(act), act.verb, by=self._by)

    def _visit_of(self, act: Act) -> UUID:
        """Raises Refused when the act that should have made this case could not be done."""
        if act.case not in self._cases:
            raise Refused("nobody to do it to")
        return self._cases[act.case]


def _answers(patient: Patient | None, *, booked: bool = False) -> Answers:
    if patient is None:
        raise ValueError("this act needs a patient")
    return Answers(
        given_name=patient.given_name,
        family_name=patient.family_name,
        birth_date=patient.birth_date,
        phone=patient.phone,
        reason=patient.reason,
        language=patient.language,
        booked=booked,
    )
