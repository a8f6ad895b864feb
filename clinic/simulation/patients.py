"""How patients behave: some book, come late or never; some come with children, step out, or lose patience."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from functools import partial
from uuid import UUID

from clinic.simulation.acts import Outcome
from clinic.simulation.engine import Life
from clinic.simulation.floor import Floor, Patient
from clinic.simulation.people import MEAN_PARTY, Person, draw, draw_party
from clinic.simulation.times import HOUR, MINUTE
from clinic.states import Lane, State, Verb

BOOKED_SHARE = 0.15
BOOKS_AHEAD = 12 * HOUR
KNOWN_AT_THE_DESK, SAYS_SO = 0.3, 0.85
AT_THE_DESK = 0.1
MEAN_PATIENCE = 3 * HOUR
SAYS_GOODBYE = 0.25
CHECKS_IN_TWICE, TAPS_TWICE = 0.04, 0.02
IS_MISTAKEN, LOOKS_WORSE = 0.01, 0.04
STEPS_OUT, SAYS_NOTHING, NEVER_RETURNS = 0.05, 0.3, 0.1


class Fate(Enum):
    """What becomes of a booking: how often in a hundred, and how many minutes after its time they come."""

    EARLY = (33, -25, -3)
    ON_TIME = (31, -3, 4)
    LATE = (20, 5, 50)
    FAR_TOO_LATE = (3, 65, 100)
    CANCELS = (3, None, None)
    NEVER_COMES = (10, None, None)

    @property
    def comes(self) -> bool:
        return self.value[1] is not None


COMING_SHARE = sum(fate.value[0] for fate in Fate if fate.comes) / sum(fate.value[0] for fate in Fate)


class Patients:
    """All who come to one clinic. `count` is told of each arrival: how many came together."""

    def __init__(self, floor: Floor, count: Callable[[int], None]) -> None:
        self._floor, self._count = floor, count
        self._people = floor.plan.rng(floor.clinic, "people")
        self._today = floor.plan.local(0).date()
        floor.start(self._walk_ins())
        floor.start(self._bookings())

    def _walk_ins(self) -> Life:
        floor = self._floor
        for at in floor.plan.arrivals(floor.clinic, "walk-ins", (1 - BOOKED_SHARE) / MEAN_PARTY):
            yield at - floor.now
            floor.start(self._come(draw_party(self._people, self._today)))

    def _bookings(self) -> Life:
        floor, share = self._floor, BOOKED_SHARE / COMING_SHARE
        for at in floor.plan.arrivals(floor.clinic, "bookings", share, BOOKS_AHEAD):
            yield at - BOOKS_AHEAD - floor.now
            book_after = self._people.uniform(0.0, at - floor.now)
            floor.start(self._book(draw(self._people, self._today), at), book_after)

    # --- Somebody without a booking -----------------------------------------------------------------------------

    def _come(self, people: tuple[Person, ...], *, claims_booking: bool = False) -> Life:
        """They check in, at the kiosk as a rule; the desk gives a lane, the kiosk does not ask."""
        floor = self._floor
        is_desk = len(people) == 1 and floor.by_chance(AT_THE_DESK)
        clerk, lane = (floor.a_clerk(), people[0].lane) if is_desk else (None, Lane.STANDARD)
        check_in = partial(
            floor.do,
            Verb.CHECK_IN,
            people=people,
            clerk=clerk,
            lane=lane,
            claims_booking=claims_booking,
            key=UUID(int=floor.rng.getrandbits(128), version=4),
        )
        self._count(len(people))
        outcome: Outcome = yield from check_in()
        if floor.by_chance(TAPS_TWICE):
            outcome = yield from check_in()
        self._settle(floor.patients(outcome), people)

    def _settle(self, party: list[Patient], people: tuple[Person, ...]) -> None:
        """What they may do while they wait."""
        if not party:
            return
        self._floor.start(self._lose_patience(party), self._floor.rng.expovariate(1 / MEAN_PATIENCE))
        first, alone = party[0], len(party) == 1
        self._perhaps(CHECKS_IN_TWICE, self._check_in_again(people), 1, 10)
        self._perhaps(LOOKS_WORSE, self._look_worse(first), 3, 12)
        if alone:
            self._perhaps(IS_MISTAKEN, self._be_mistaken(first, people), 1, 5)
        self._perhaps(STEPS_OUT, self._step_out(party), 2, 12)

    def _perhaps(self, share: float, life: Life, soonest: float, latest: float) -> None:
        """Starts it with this chance, between so many minutes from now."""
        after = self._floor.pause(soonest * MINUTE, latest * MINUTE)
        if self._floor.by_chance(share):
            self._floor.start(life, after)

    def _check_in_again(self, people: tuple[Person, ...]) -> Life:
        yield from self._floor.do(Verb.CHECK_IN, people=people)

    def _look_worse(self, patient: Patient) -> Life:
        """A clerk sees that somebody cannot wait."""
        if patient.state == State.WAITING:
            yield from self._floor.do(Verb.MOVE, patient, clerk=self._floor.a_clerk(), lane=Lane.PRIORITY)

    def _be_mistaken(self, patient: Patient, people: tuple[Person, ...]) -> Life:
        """A clerk sees that the entry is wrong, and makes it anew."""
        if patient.state != State.WAITING:
            return
        clerk = self._floor.a_clerk()
        yield from self._floor.do(Verb.ENTER_IN_ERROR, patient, clerk=clerk)
        yield self._floor.pause(20, 60)
        outcome = yield from self._floor.do(Verb.CHECK_IN, people=people, clerk=clerk)
        for again in self._floor.patients(outcome):
            self._floor.start(self._lose_patience([again]), self._floor.rng.expovariate(1 / MEAN_PATIENCE))

    # --- Somebody who goes --------------------------------------------------------------------------------------

    def _lose_patience(self, party: list[Patient]) -> Life:
        """They leave, most without a word: the desk finds that out later."""
        if any(patient.state != State.WAITING for patient in party):
            return
        clerk = self._floor.a_clerk() if self._floor.by_chance(SAYS_GOODBYE) else None
        for patient in party:
            patient.gone = True
            if clerk is not None:
                yield from self._floor.do(Verb.LEFT, patient, clerk=clerk)

    def _step_out(self, party: list[Patient]) -> Life:
        """One goes out for a moment, told or not, and most come back; some by the kiosk."""
        patient, floor = party[0], self._floor
        if patient.state != State.WAITING or patient.gone:
            return
        patient.is_away = True
        if not floor.by_chance(SAYS_NOTHING):
            yield from floor.do(Verb.STEP_OUT, patient, clerk=floor.a_clerk())
        if floor.by_chance(NEVER_RETURNS):
            patient.gone = True
            return
        yield floor.pause(4 * MINUTE, 15 * MINUTE)
        patient.is_away = False
        yield from self._come_back(patient)

    def _come_back(self, patient: Patient) -> Life:
        floor = self._floor
        if patient.state != State.STEPPED_OUT:
            return
        if patient.person is not None and floor.by_chance(0.5):
            yield from floor.do(Verb.CHECK_IN, people=(patient.person,))
        else:
            yield from floor.do(Verb.RETURN, patient, clerk=floor.a_clerk())

    # --- Somebody with a booking --------------------------------------------------------------------------------

    def _book(self, person: Person, at: float) -> Life:
        """Books by telephone for a moment; what follows is drawn."""
        floor = self._floor
        fate = floor.rng.choices(list(Fate), [one.value[0] for one in Fate])[0]
        clerk, ahead = floor.a_clerk(), at - floor.now
        outcome: Outcome = yield from floor.do(Verb.BOOK, people=(person,), booked_in=ahead, clerk=clerk)
        for patient in floor.patients(outcome):
            yield from self._keep_booking(patient, person, at, fate)

    def _keep_booking(self, patient: Patient, person: Person, at: float, fate: Fate) -> Life:
        floor = self._floor
        patient.booked_at = at
        if fate.comes:
            yield at - floor.now + floor.pause(fate.value[1] * MINUTE, fate.value[2] * MINUTE)
            if floor.is_open:
                yield from self._come_as_booked(patient, person)
        elif fate == Fate.CANCELS:
            yield floor.pause(0, max(0.0, at - floor.now))
            yield from floor.do(Verb.CANCEL, patient, clerk=floor.a_clerk())

    def _come_as_booked(self, patient: Patient, person: Person) -> Life:
        floor = self._floor
        if not floor.by_chance(KNOWN_AT_THE_DESK):
            yield from self._come((person,), claims_booking=floor.by_chance(SAYS_SO))
            return
        outcome: Outcome = yield from floor.do(Verb.CHECK_IN, patient, clerk=floor.a_clerk())
        if outcome.is_done:
            self._count(1)
            self._settle([patient], (person,))
        else:
            yield from self._come((person,), claims_booking=True)
