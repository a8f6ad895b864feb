"""Counts what was done in a run, and takes its fingerprint."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from uuid import UUID

from clinic.simulation.acts import Act, Done, Outcome, Word
from clinic.states import Verb


@dataclass
class Counts:
    """`arrivals`: people who came to check in. `check_ins`: visits that came of it. `forgotten`: put right."""

    arrivals: int = 0
    check_ins: int = 0
    families: int = 0
    calls: int = 0
    undone: int = 0
    left: int = 0
    no_shows: int = 0
    forgotten: int = 0
    refused: int = 0


EACH_VISIT = {Verb.CALL: "calls", Verb.UNDO: "undone", Verb.LEFT: "left", Verb.NO_SHOW: "no_shows"}


class Tally:
    """Told of each act in order. Two runs in which the same happened have the same `digest`."""

    def __init__(self) -> None:
        self.counts = Counts()
        self._hash = hashlib.sha256()
        self._numbers: dict[UUID, int] = {}
        self._arrived: set[UUID] = set()

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()

    def arrival(self, many: int) -> None:
        """So many people came in together."""
        self.counts.arrivals += many
        self.counts.families += many > 1

    def add(self, done: Done) -> None:
        act, outcome = done.act, done.outcome
        self._hash.update(self._line(done).encode())
        if outcome.is_done:
            self._count(act, outcome)
        else:
            self.counts.refused += 1

    def summary(self) -> dict[str, int]:
        return asdict(self.counts)

    def _count(self, act: Act, outcome: Outcome) -> None:
        many, counts = len(outcome.visits), self.counts
        if act.verb == Verb.CHECK_IN:
            counts.check_ins += len(set(outcome.visits) - self._arrived)
            self._arrived.update(outcome.visits)
        elif name := EACH_VISIT.get(act.verb):
            setattr(counts, name, getattr(counts, name) + many)
        counts.forgotten += act.tidies

    def _line(self, done: Done) -> str:
        """Visits by the order in which the run met them: their own numbers differ between databases."""
        visits = done.outcome.visits or ((done.act.visit,) if done.act.visit else ())
        numbers = [self._numbers.setdefault(visit, len(self._numbers)) for visit in visits]
        word: Word = done.outcome.word
        return f"{done.at:.3f} {done.act.clinic} {done.act.verb} {numbers} {word}\n"
