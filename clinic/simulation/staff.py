"""How the staff of a clinic works: calls, rooms, discharges; forgets, errs, and gets in each other's way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from clinic.simulation.acts import Outcome, Word
from clinic.simulation.engine import Life
from clinic.simulation.floor import Floor, Patient
from clinic.simulation.times import HOUR, MINUTE
from clinic.states import State, Verb

LOOKS_EVERY, CLICKS_WITHIN = (10.0, 60.0), (0.5, 3.0)
CHOOSES_A_CARD, CALLS_TOGETHER, TAKES_THE_FIRST_ROOM = 0.25, 0.8, 0.8
CALLS_THE_WRONG, CALLS_TWICE, DISCHARGES_THE_WRONG = 0.02, 0.07, 0.01
CHECKS_IDENTITY = 0.3
FORGETS_TO_ROOM, FORGETS_TO_DISCHARGE, FORGETS_WHO_LEFT = 0.02, 0.02, 0.15
BOTH_CLICK = 0.02
CONSULTS = (10 * MINUTE, 40 * MINUTE)
GOES_ROUND_EVERY = (20 * MINUTE, 40 * MINUTE)
NOTICES_A_GAP, REMEMBERS_BOOKINGS = 0.5, 0.85
LATE_FOR_A_BOOKING, TOO_LATE_FOR_A_BOOKING = 45 * MINUTE, 3 * HOUR
TRIES_IN_VAIN = 3


class Look(NamedTuple):
    """What a clerk has seen on the board and is about to do: call one, or the next in line, to a free room."""

    room: int
    patient: Patient | None
    together: bool


class Staff:
    """The clerks of one clinic, each on their own; one of them goes round the wait room now and then."""

    def __init__(self, floor: Floor) -> None:
        self._floor, self._in_vain = floor, 0
        for clerk in range(floor.site.clerks):
            floor.start(self._clerk(clerk))
        floor.start(self._go_round())

    # --- Calling ------------------------------------------------------------------------------------------------

    def _clerk(self, clerk: int) -> Life:
        """Looks, thinks, clicks; by then a colleague may have been first."""
        while True:
            yield self._floor.pause(*LOOKS_EVERY)
            look = self._look()
            if look is not None:
                yield self._floor.pause(*CLICKS_WITHIN)
                yield from self._call(clerk, look)

    def _look(self) -> Look | None:
        floor = self._floor
        waiting, free = floor.waiting(), floor.free()
        if not (waiting and free):
            return None
        room = free[0] if floor.by_chance(TAKES_THE_FIRST_ROOM) else floor.rng.choice(free)
        together = len(waiting[0].party) > 1 and floor.by_chance(CALLS_TOGETHER)
        chosen = together or floor.by_chance(CHOOSES_A_CARD)
        return Look(room, waiting[0] if chosen else None, together)

    def _call(self, clerk: int, look: Look) -> Life:
        floor = self._floor
        outcome: Outcome = yield from floor.do(
            Verb.CALL, look.patient, clerk=clerk, room=look.room, together=look.together
        )
        if outcome.is_done:
            self._in_vain = 0
            floor.take(look.room)
            floor.start(self._attend(clerk, look.room, floor.patients(outcome)))
        elif look.room in floor.free():
            self._wonder(look, outcome)

    def _wonder(self, look: Look, outcome: Outcome) -> None:
        """No colleague was first, so people outside the simulation work here too: the board is looked at anew."""
        self._in_vain += 1
        if outcome.word == Word.LATE or self._in_vain >= TRIES_IN_VAIN:
            self._in_vain = 0
            for patient in self._floor.waiting()[:1]:
                self._floor.here.pop(patient.visit, None)

    # --- After a call -------------------------------------------------------------------------------------------

    def _attend(self, clerk: int, room: int, party: list[Patient]) -> Life:
        """All that follows until the room is free again."""
        floor, is_undone = self._floor, False
        if floor.by_chance(CALLS_THE_WRONG):
            yield floor.pause(5, 15)
            is_undone = yield from self._undo(clerk, party)
        if not is_undone and (yield from self._come_in(clerk, party)):
            yield from self._see(clerk, party)
        floor.give_back(room)

    def _come_in(self, clerk: int, party: list[Patient]) -> Life:
        """Whether they answer; who does not is called again, and then taken for gone."""
        floor = self._floor
        yield floor.pause(20, 90)
        if floor.by_chance(CALLS_TWICE) or not _answer(party):
            yield from self._each(Verb.RECALL, party, clerk)
            yield floor.pause(2 * MINUTE, 4 * MINUTE)
        if _answer(party):
            return True
        forgot = floor.by_chance(FORGETS_WHO_LEFT)
        if forgot:
            yield floor.pause(30 * MINUTE, 90 * MINUTE)
        yield from self._give_up(clerk, party, forgot)
        return False

    def _give_up(self, clerk: int, party: list[Patient], forgot: bool) -> Life:
        """Who only went out keeps a place; who is back by now sits down again; the others have left."""
        for patient in party:
            verb = Verb.RETURN if patient.answers else Verb.LEFT if patient.gone else Verb.STEP_OUT
            yield from self._floor.do(verb, patient, clerk=clerk, tidies=forgot)

    def _see(self, clerk: int, party: list[Patient]) -> Life:
        floor = self._floor
        if floor.by_chance(CHECKS_IDENTITY):
            yield from self._each(Verb.CONFIRM, party, clerk)
        forgot = floor.by_chance(FORGETS_TO_ROOM)
        if forgot:
            yield floor.pause(30 * MINUTE, 75 * MINUTE)
        yield from self._each(Verb.ROOM, party, clerk, tidies=forgot)
        yield 60.0 if forgot else floor.pause(*CONSULTS)
        forgot = not forgot and floor.by_chance(FORGETS_TO_DISCHARGE)
        if forgot:
            yield floor.pause(45 * MINUTE, 2 * HOUR)
        yield from self._discharge(clerk, party, forgot)

    def _discharge(self, clerk: int, party: list[Patient], forgot: bool) -> Life:
        floor = self._floor
        if not forgot and floor.by_chance(DISCHARGES_THE_WRONG):
            yield from self._each(Verb.DISCHARGE, party, clerk)
            yield floor.pause(5, 60)
            yield from self._undo(clerk, party)
            yield floor.pause(2 * MINUTE, 10 * MINUTE)
        yield from self._each(Verb.DISCHARGE, party, clerk, tidies=forgot)
        if floor.by_chance(BOTH_CLICK):
            yield floor.pause(0, 2)
            yield from floor.do(Verb.DISCHARGE, party[0], clerk=(clerk + 1) % floor.site.clerks)

    def _each(self, verb: Verb, party: Sequence[Patient], clerk: int, *, tidies: bool = False) -> Life:
        """One after the other, as a hand can."""
        for patient in party:
            yield from self._floor.do(verb, patient, clerk=clerk, tidies=tidies)
            yield self._floor.pause(1, 4)

    def _undo(self, clerk: int, party: Sequence[Patient]) -> Life:
        """Takes back what the button showed; whether it could be."""
        done = []
        for patient in party:
            outcome: Outcome = yield from self._floor.do(Verb.UNDO, patient, clerk=clerk, seen=patient.sequence)
            done.append(outcome.is_done)
        return all(done)

    # --- Going round --------------------------------------------------------------------------------------------

    def _go_round(self) -> Life:
        """Sees who is gone or never came, and writes it down."""
        floor = self._floor
        while True:
            yield floor.pause(*GOES_ROUND_EVERY)
            clerk = floor.a_clerk()
            for patient in list(floor.here.values()):
                if patient.state in (State.WAITING, State.STEPPED_OUT):
                    yield from self._miss(clerk, patient)
                elif patient.state == State.EXPECTED:
                    yield from self._expect_no_more(clerk, patient)

    def _miss(self, clerk: int, patient: Patient) -> Life:
        if patient.gone and self._floor.by_chance(NOTICES_A_GAP):
            yield from self._floor.do(Verb.LEFT, patient, clerk=clerk)

    def _expect_no_more(self, clerk: int, patient: Patient) -> Life:
        """In time, or long after when that was forgotten."""
        floor, late = self._floor, self._floor.now - patient.booked_at
        if late > TOO_LATE_FOR_A_BOOKING or (late > LATE_FOR_A_BOOKING and not patient.overlooked):
            patient.overlooked = not floor.by_chance(REMEMBERS_BOOKINGS) and late < TOO_LATE_FOR_A_BOOKING
            if not patient.overlooked:
                forgot = late > TOO_LATE_FOR_A_BOOKING
                yield from floor.do(Verb.NO_SHOW, patient, clerk=clerk, tidies=forgot)


def _answer(party: Sequence[Patient]) -> bool:
    return all(patient.answers for patient in party)
