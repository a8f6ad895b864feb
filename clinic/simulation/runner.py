"""Lets the scheduled acts happen at their times, at a chosen speed, and says how it goes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Count

from clinic.models import Visit
from clinic.simulation.agenda import HOUR, Act
from clinic.simulation.desk import Desk
from clinic.simulation.schedule import moment
from clinic.states import State, Verb

REPORT_SECONDS = 5.0
LONGEST_LULL = HOUR
DONE = frozenset({Verb.DISCHARGE, Verb.LEFT, Verb.NO_SHOW})


@dataclass
class Tally:
    """What a run has done so far; `at` is its simulated time, `seconds` what it took."""

    at: float = 0.0
    seconds: float = 0.0
    check_ins: int = 0
    done: int = 0
    refused: int = 0

    def count(self, act: Act, *, was_done: bool) -> None:
        self.check_ins += was_done and act.verb == Verb.CHECK_IN
        self.done += was_done and act.verb in DONE
        self.refused += not was_done


class Runner:
    """Waits and acts. A night without patients is shortened to one simulated hour.

    `wait(seconds)` waits that long, or returns True at once when the run is to end. `report(line)` shows how
    it stands, about each REPORT_SECONDS.
    """

    def __init__(
        self,
        desks: Sequence[Desk],
        speed: float,
        *,
        wait: Callable[[float], bool],
        report: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._desks, self._speed = desks, speed
        self._wait, self._report, self._clock = wait, report, clock
        self._tally = Tally()

    def run(self, acts: Iterable[Act], start: float) -> Tally:
        """Does all acts, or those until `wait` says to end."""
        began = due = self._clock()
        self._tally.at, self._report_at = start, began
        for act in acts:
            due += min(act.at - self._tally.at, LONGEST_LULL) / self._speed
            if self._ended_before(due, began):
                break
            self._tally.at = act.at
            self._tally.count(act, was_done=self._desks[act.clinic].do(act))
        self._tally.seconds = self._clock() - began
        return self._tally

    def _ended_before(self, due: float, began: float) -> bool:
        while True:
            now = self._clock()
            if now >= self._report_at:
                self._report_at = now + REPORT_SECONDS
                self._tally.seconds = now - began
                self._report(self.line())
            if self._wait(max(0.0, min(due, self._report_at) - now)):
                return True
            if self._clock() >= due:
                return False

    def line(self) -> str:
        """How it stands, in one line."""
        tally, here = self._tally, self._here()
        rate = tally.check_ins / tally.seconds if tally.seconds else 0.0
        return (
            f"{moment(tally.at)}  {tally.check_ins} arrived, {here.get(State.WAITING, 0)} waiting, "
            f"{here.get(State.CALLED, 0)} called, {here.get(State.ROOMED, 0)} in rooms, {tally.done} done, "
            f"{rate:.1f} check-ins a second"
        )

    def _here(self) -> dict[str, int]:
        rows = Visit.objects.on_site().filter(clinic__in=[desk.clinic for desk in self._desks])
        return dict(rows.order_by().values_list("state").annotate(Count("pk")))
