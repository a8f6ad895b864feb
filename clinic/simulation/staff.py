"""How the staff of a simulated clinic works: call the next when a room is free, then what follows a call."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from functools import partial
from itertools import count
from random import Random
from typing import NamedTuple

from clinic.simulation.agenda import MINUTE, Act, Agenda
from clinic.states import Verb


class Beat(NamedTuple):
    """The next thing that happens to a visit, between so many and so many seconds after the one before."""

    verb: Verb
    soonest: float
    latest: float


Script = tuple[Beat, ...]

SEEN: Script = (Beat(Verb.ROOM, 20, 90), Beat(Verb.DISCHARGE, 10 * MINUTE, 40 * MINUTE))
AWAY: Script = (Beat(Verb.RETURN, 5 * MINUTE, 15 * MINUTE),)
# What follows a call, and how often in a hundred.
AFTER_A_CALL: dict[Script, int] = {
    SEEN: 85,
    (Beat(Verb.RECALL, 90, 150), *SEEN): 7,
    (Beat(Verb.RECALL, 90, 150), Beat(Verb.NO_SHOW, 2 * MINUTE, 4 * MINUTE)): 3,
    (Beat(Verb.STEP_OUT, 30, 90), *AWAY): 2,
    (Beat(Verb.LEFT, 30, 90),): 1,
    (Beat(Verb.UNDO, 5, 15),): 2,
}
FREES_THE_ROOM = frozenset({Verb.DISCHARGE, Verb.NO_SHOW, Verb.STEP_OUT, Verb.LEFT, Verb.UNDO})
BACK_IN_LINE = frozenset({Verb.RETURN, Verb.UNDO})
NOTICED_AFTER = (10.0, 60.0)


class Staff:
    """The desk of one clinic: knows how many wait and which rooms are free, and needs no names."""

    def __init__(self, rng: Random, agenda: Agenda, clinic: int, rooms: int) -> None:
        self._rng, self._agenda, self._clinic = rng, agenda, clinic
        self._free = list(range(rooms))
        self._cases = count()
        self.waiting = 0

    def new_case(self) -> int:
        return next(self._cases)

    def one_more_waits(self, now: float) -> None:
        """Somebody is in line, and the desk will notice."""
        self.waiting += 1
        self._look_soon(now)

    def one_goes(self, now: float, verb: Verb, script: Script) -> Iterator[Act]:
        """The last in line, if anybody is, steps out or leaves; `script` follows."""
        if self.waiting:
            self.waiting -= 1
            case = self.new_case()
            yield Act(now, self._clinic, verb, case, from_line=True)
            self.play(now, case, script)

    def play(self, now: float, case: int, script: Script, room: int | None = None) -> None:
        """Plans the first beat of a script; each beat plans the next. `room`: the one that the case holds."""
        if script:
            at = now + self._rng.uniform(script[0].soonest, script[0].latest)
            self._agenda.plan(at, partial(self._beat, case, script, room))

    def _look_soon(self, now: float) -> None:
        self._agenda.plan(now + self._rng.uniform(*NOTICED_AFTER), self._look)

    def _look(self, now: float) -> Iterator[Act]:
        if not (self.waiting and self._free):
            return
        room, case = heapq.heappop(self._free), self.new_case()
        self.waiting -= 1
        yield Act(now, self._clinic, Verb.CALL, case, room=room)
        script = self._rng.choices(list(AFTER_A_CALL), list(AFTER_A_CALL.values()))[0]
        self.play(now, case, script, room)

    def _beat(self, case: int, script: Script, room: int | None, now: float) -> Iterator[Act]:
        verb = script[0].verb
        yield Act(now, self._clinic, verb, case)
        if room is not None and verb in FREES_THE_ROOM:
            heapq.heappush(self._free, room)
            room = None
            self._look_soon(now)
        if verb in BACK_IN_LINE:
            self.one_more_waits(now)
        self.play(now, case, script[1:], room)
