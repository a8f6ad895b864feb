"""Clinics in memory for the simulated people: what the services answer, without a database."""

from __future__ import annotations

from itertools import count
from uuid import UUID

from clinic import states
from clinic.simulation import Act, Done, Outcome, Plan, Run, Word
from clinic.simulation.people import Person
from clinic.states import OPEN, State, Verb


class Pretended:
    """A performer that keeps clinics in memory: first come, first called, one party to a room."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self.states: dict[UUID, State] = {}
        self._before: dict[UUID, State] = {}
        self._who: dict[Person, UUID] = {}
        self._parties: dict[UUID, tuple[UUID, ...]] = {}
        self._clinics: dict[UUID, int] = {}
        self._line: dict[UUID, int] = {}
        self._rooms: dict[UUID, tuple[int, int]] = {}

    def __call__(self, act: Act, at: float) -> Outcome:
        if act.people:
            return self._admit(act)
        if act.verb == Verb.CALL:
            return self._call(act)
        assert act.visit is not None
        return self._move(act.verb, act.visit)

    def _admit(self, act: Act) -> Outcome:
        visits = tuple(self._visit_of(person, act) for person in act.people)
        self._parties.update(dict.fromkeys(visits, visits))
        return Outcome(Word.DONE, visits)

    def _visit_of(self, person: Person, act: Act) -> UUID:
        visit = self._who.get(person)
        if visit is None or self.states[visit] not in OPEN:
            visit = self._who[person] = UUID(int=next(self._numbers))
            self.states[visit], self._clinics[visit] = State.EXPECTED, act.clinic
        if act.verb == Verb.CHECK_IN and self.states[visit] in (State.EXPECTED, State.STEPPED_OUT):
            self._set(visit, State.WAITING)
        return visit

    def _call(self, act: Act) -> Outcome:
        waiting = [visit for visit, clinic in self._line.items() if clinic == act.clinic]
        if act.visit is None:
            asked = tuple(waiting[:1])
        else:
            asked = self._parties[act.visit] if act.together else (act.visit,)
        chosen = tuple(visit for visit in asked if visit in waiting)
        if not chosen or (act.clinic, act.room) in self._rooms.values():
            return Outcome(Word.REFUSED if chosen else Word.LATE)
        for visit in chosen:
            self._move(Verb.CALL, visit)
            self._rooms[visit] = (act.clinic, act.room)
        return Outcome(Word.DONE, chosen)

    def _move(self, verb: Verb, visit: UUID) -> Outcome:
        old = self.states[visit]
        new = self._before.get(visit) if verb == Verb.UNDO else states.after(verb, old)
        if new is None:
            return Outcome(Word.LATE)
        self._before[visit] = old
        self._set(visit, new)
        return Outcome(Word.DONE, (visit,))

    def _set(self, visit: UUID, state: State) -> None:
        self.states[visit] = state
        if state == State.WAITING:
            self._line[visit] = self._clinics[visit]
        else:
            self._line.pop(visit, None)
        if state not in (State.CALLED, State.ROOMED):
            self._rooms.pop(visit, None)


def played(plan: Plan) -> tuple[list[Done], Run]:
    run = Run(plan, Pretended())
    return list(run), run
