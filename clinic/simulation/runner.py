"""Lets the acts of a run happen at their times, and says each simulated hour how it stands."""

from __future__ import annotations

import time
from collections.abc import Callable

from clinic.simulation.run import Run
from clinic.simulation.times import HOUR, moment


class Runner:
    """Waits and acts. `speed`: simulated seconds in a second; infinite for no waiting at all.

    `wait(seconds)` waits that long, or returns True at once when the run is to end. `report(line)` shows how it
    stands. `reached` is how far it has come, in simulated seconds, and `seconds` what that took.
    """

    def __init__(
        self,
        run: Run,
        speed: float,
        *,
        wait: Callable[[float], bool],
        report: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._run, self._speed = run, speed
        self._wait, self._report, self._clock = wait, report, clock
        self.reached = self.seconds = 0.0

    def run(self) -> None:
        """Goes on to the plan's end, or until `wait` says to end."""
        began, hour, end = self._clock(), HOUR, self._run.plan.seconds
        while self.reached < end and not self._wait(self._until(began, at := self._next(hour, end))):
            self.reached = at
            if at == hour:
                self._report(self.line())
                hour += HOUR
            elif at < end:
                self._run.step()
        self.seconds = self._clock() - began

    def line(self) -> str:
        """How it stands, in one line."""
        at, counts = moment(self._run.plan.passed(self.reached)), self._run.tally.counts
        return f"{at}  {counts.check_ins} check-ins, {self._run.waiting} waiting"

    def _next(self, hour: float, end: float) -> float:
        """The next act's time, or that of the next report or of the end, if that is sooner."""
        at = self._run.next_at
        return min(hour, end) if at is None else min(at, hour, end)

    def _until(self, began: float, at: float) -> float:
        return max(0.0, began + at / self._speed - self._clock())
