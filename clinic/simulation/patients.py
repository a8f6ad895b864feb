"""How simulated patients behave: they come as real ones do; some book, step out, or lose patience."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from random import Random

from clinic.simulation.agenda import HOUR, MINUTE, Act, Agenda
from clinic.simulation.people import Patient, draw
from clinic.simulation.staff import AWAY, Beat, Staff
from clinic.states import Verb

BOOKS = 0.15
KNOWN_AT_THE_DESK = 0.3
BOOKS_AND_STAYS_AWAY = 0.02
STEPS_OUT = 0.03
LOSES_PATIENCE = 0.03
NEVER_CAME = (Beat(Verb.NO_SHOW, 15 * MINUTE, 45 * MINUTE),)


class Patients:
    """Arrivals of one clinic: within each hour of the week a Poisson process at that hour's rate."""

    def __init__(self, rng: Random, agenda: Agenda, clinic: int, staff: Staff, rates: Sequence[float]) -> None:
        self._rng, self._agenda, self._clinic = rng, agenda, clinic
        self._staff, self._rates = staff, rates

    def hour(self, now: float) -> Iterator[Act]:
        """Plans who comes until the end of this hour, and the next hour."""
        end = (now // HOUR + 1) * HOUR
        self._agenda.plan(end, self.hour)
        rate = self._rates[int(now // HOUR) % len(self._rates)] / HOUR
        at = now + self._rng.expovariate(rate) if rate else end
        while at < end:
            self._plan_arrival(now, at)
            at += self._rng.expovariate(rate)
        return iter(())

    def _plan_arrival(self, now: float, at: float) -> None:
        patient, case = draw(self._rng), self._staff.new_case()
        if self._rng.random() < BOOKS:
            booked = self._rng.uniform(now, at)
            self._agenda.plan(booked, partial(self._book, case, patient, at))
            is_known = self._rng.random() < KNOWN_AT_THE_DESK
            self._agenda.plan(at, partial(self._check_in, case, None if is_known else patient))
        else:
            self._agenda.plan(at, partial(self._check_in, case, patient))
        if self._rng.random() < BOOKS_AND_STAYS_AWAY:
            self._agenda.plan(at, partial(self._book_in_vain, self._staff.new_case(), draw(self._rng)))

    def _book(self, case: int, patient: Patient, at: float, now: float) -> Iterator[Act]:
        yield Act(now, self._clinic, Verb.BOOK, case, patient, booked_in=at - now)

    def _book_in_vain(self, case: int, patient: Patient, now: float) -> Iterator[Act]:
        yield Act(now, self._clinic, Verb.BOOK, case, patient, booked_in=0.0)
        self._staff.play(now, case, NEVER_CAME)

    def _check_in(self, case: int, patient: Patient | None, now: float) -> Iterator[Act]:
        yield Act(now, self._clinic, Verb.CHECK_IN, case, patient)
        self._staff.one_more_waits(now)
        if self._rng.random() < STEPS_OUT:
            step = partial(self._staff.one_goes, verb=Verb.STEP_OUT, script=AWAY)
            self._agenda.plan(now + self._rng.uniform(5, 20) * MINUTE, step)
        if self._rng.random() < LOSES_PATIENCE:
            step = partial(self._staff.one_goes, verb=Verb.LEFT, script=())
            self._agenda.plan(now + self._rng.uniform(15, 45) * MINUTE, step)
