"""What is still to happen in one simulated clinic, in order of simulated time. No database, no clock."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import count

from clinic.simulation.people import Patient
from clinic.states import Verb

MINUTE, HOUR = 60.0, 3600.0


@dataclass(frozen=True)
class Act:
    """One thing that somebody does in one clinic.

    `at` is in simulated seconds since a Monday's midnight. `case` ties acts on one visit together: the first
    act of a case makes it (a booking, a call of the next in line, or with `from_line` a move of the last in
    line), the later ones continue it; a walk-in's check-in has a case of its own. `room` is the number of the
    room called to. `booked_in` is how many seconds from now the booking is for.
    """

    at: float
    clinic: int
    verb: Verb
    case: int
    patient: Patient | None = None
    room: int = 0
    booked_in: float | None = None
    from_line: bool = False


Step = Callable[[float], Iterable[Act]]


class Agenda:
    """Steps to take. Each gets the simulated time, and gives the acts that happen then."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Step]] = []
        self._order = count()

    def plan(self, at: float, step: Step) -> None:
        """Takes `step` at `at`; steps of one moment are taken in the order in which they were planned."""
        heapq.heappush(self._heap, (at, next(self._order), step))

    def acts(self) -> Iterator[Act]:
        """All acts in order of time, as long as steps plan further steps."""
        while self._heap:
            at, _order, step = heapq.heappop(self._heap)
            yield from step(at)
