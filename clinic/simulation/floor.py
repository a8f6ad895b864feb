"""One clinic as the people in it know it: who is here, and which rooms are free."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from clinic import states
from clinic.simulation.acts import Act, Outcome
from clinic.simulation.engine import Engine, Life
from clinic.simulation.people import Person
from clinic.simulation.plan import Plan
from clinic.states import ENDED, State, Verb


@dataclass(eq=False)
class Patient:
    """Somebody with a visit. `party` are all who came together. `gone`: left the house for good, told or not.

    `booked_at` is when they are expected, and `overlooked` that the desk forgot that they did not come.
    `sequence` is the number of their last event.
    """

    visit: UUID
    state: State
    person: Person | None = None
    party: list[Patient] = field(default_factory=list)
    gone: bool = False
    is_away: bool = False
    sequence: int | None = None
    before: State | None = None
    booked_at: float = 0.0
    overlooked: bool = False

    @property
    def answers(self) -> bool:
        """Whether they come when they are called."""
        return not (self.gone or self.is_away)

    def became(self, verb: Verb, sequence: int | None) -> None:
        after = self.before if verb == Verb.UNDO else states.after(verb, self.state)
        if after is not None:
            self.before, self.state = self.state, after
        self.sequence = sequence or self.sequence


class Floor:
    """What patients and staff of a clinic share. `here` are all open visits, in the order of their coming."""

    def __init__(self, plan: Plan, clinic: int, engine: Engine) -> None:
        self.plan, self.clinic, self.engine = plan, clinic, engine
        self.site, self.rng = plan.sites[clinic], plan.rng(clinic, "conduct")
        self.here: dict[UUID, Patient] = {}
        self._taken: set[int] = set()

    @property
    def now(self) -> float:
        return self.engine.now

    @property
    def is_open(self) -> bool:
        return self.site.is_open(self.plan.moment(self.now))

    def waiting(self) -> list[Patient]:
        return [patient for patient in self.here.values() if patient.state == State.WAITING]

    def free(self) -> list[int]:
        """The numbers of the rooms that nobody was called to."""
        return [room for room in range(self.site.rooms) if room not in self._taken]

    def take(self, room: int) -> None:
        self._taken.add(room)

    def give_back(self, room: int) -> None:
        self._taken.discard(room)

    def start(self, life: Life, after: float = 0.0) -> None:
        self.engine.start(life, after)

    def by_chance(self, share: float) -> bool:
        return self.rng.random() < share

    def pause(self, soonest: float, latest: float) -> float:
        """So many seconds, somewhere between."""
        return self.rng.uniform(soonest, latest)

    def a_clerk(self) -> int:
        return self.rng.randrange(self.site.clerks)

    def do(self, verb: Verb, patient: Patient | None = None, **details: Any) -> Life:
        """Does an act, to a patient where it needs one; gives its outcome."""
        act = Act(self.clinic, verb, patient.visit if patient else None, **details)
        outcome: Outcome = yield act
        if outcome.is_done:
            self._note(act, outcome, patient)
        return outcome

    def patients(self, outcome: Outcome) -> list[Patient]:
        """Those whom an act was done to."""
        return [self.here[visit] for visit in outcome.visits if visit in self.here]

    def _note(self, act: Act, outcome: Outcome, known: Patient | None) -> None:
        for place, visit in enumerate(outcome.visits):
            person = act.people[place] if act.people else None
            sequence = outcome.sequences[place] if outcome.sequences else None
            patient = known if known and known.visit == visit else self.here.get(visit)
            self._keep(patient or _stranger(visit, person, act.verb), act.verb, sequence)
        if len(act.people) > 1:
            self._bind([self.here[visit] for visit in outcome.visits if visit in self.here])

    def _keep(self, patient: Patient, verb: Verb, sequence: int | None) -> None:
        is_back = verb == Verb.CHECK_IN and patient.state == State.STEPPED_OUT
        patient.became(Verb.RETURN if is_back else verb, sequence)
        if patient.state in ENDED:
            self.here.pop(patient.visit, None)
        else:
            self.here[patient.visit] = patient

    def _bind(self, party: Sequence[Patient]) -> None:
        for patient in party:
            patient.party = list(party)


def _stranger(visit: UUID, person: Person | None, verb: Verb) -> Patient:
    """One who was not here yet; or who was called, and whom people outside the simulation have checked in."""
    patient = Patient(visit, State.WAITING if verb == Verb.CALL else State.EXPECTED, person)
    patient.party = [patient]
    return patient
