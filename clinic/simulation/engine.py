"""Lives that run side by side in simulated time: each waits, acts, hears what came of it, and goes on."""

from __future__ import annotations

import heapq
from collections.abc import Generator
from itertools import count
from typing import Any, NamedTuple

from clinic.simulation.acts import Act, Outcome

Life = Generator[float | Act, Any, Any]
"""Gives seconds to let pass, or an act to do now, whose outcome it is sent."""


class Pending(NamedTuple):
    """An act that is to be done at its time, and whose life waits for the outcome."""

    at: float
    act: Act
    life: Life


class Engine:
    """Runs lives in order of time; at one moment, in the order in which they were started or went on.

    `now` is in simulated seconds from the start.
    """

    def __init__(self) -> None:
        self.now = 0.0
        self._heap: list[tuple[float, int, Life, Outcome | None]] = []
        self._order = count()

    def start(self, life: Life, after: float = 0.0) -> None:
        self._push(max(0.0, after), life, None)

    def next_act(self, end: float) -> Pending | None:
        """The next act before `end`; None when there is none. It must be answered before the next one."""
        while self._heap and self._heap[0][0] < end:
            self.now, _order, life, outcome = heapq.heappop(self._heap)
            try:
                step = life.send(outcome)
            except StopIteration:
                continue
            if isinstance(step, Act):
                return Pending(self.now, step, life)
            self._push(max(0.0, step), life, None)
        return None

    def answer(self, pending: Pending, outcome: Outcome) -> None:
        """Lets the life go on that did this."""
        self._push(0.0, pending.life, outcome)

    def _push(self, after: float, life: Life, outcome: Outcome | None) -> None:
        heapq.heappush(self._heap, (self.now + after, next(self._order), life, outcome))
