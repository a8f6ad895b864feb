"""How long somebody will wait, on plain values: no database, no clock, nothing of who they are.

The figure is (people ahead + a half where no place is free) / how fast the line moves, less those who give up. How
fast: those who went in over the time in which somebody had to wait, of the last 90 minutes, drawn towards what the
clinic does at this hour of this weekday. Time in which people wait and nobody is called counts in full: a jam
raises the figure, and never lowers it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from math import ceil, log1p, sqrt
from typing import NamedTuple

from clinic.estimates.flow import Throughput, total

WINDOW = 90.0
# How many minutes of waiting people the clinic's usual weighs against those of the last WINDOW.
PRIOR = 45.0
LEAST_HISTORY, LEAST_TODAY = 50, 10
# Less than one an hour: beyond it, a figure would say more of the desk's habits than of the wait.
SLOWEST = 1 / 60
# Somebody who has waited longer beside a free room was not kept waiting by the want of one.
UNSEEN = 5.0
SILENCE = 60.0
STEP = 5
# How far a wait strays, in turns: by chance, and because a pace is never known for sure. Nine in ten are over by
# LATE times that.
UNSURE, EARLY, LATE = 0.3, 0.5, 0.9


@dataclass(frozen=True)
class History:
    """What the clinic's own past says of an hour of the week; `served` is how many speak for it.

    `leaving`: the share of those in line who give up in a minute.
    """

    served: int = 0
    pace: float = 0.0
    places: float = 0.0
    leaving: float = 0.0


@dataclass(frozen=True)
class Line:
    """The line before one person. `longest`: how many minutes the first of those ahead has waited.

    `deferred`: in how many minutes those may be called at the earliest who asked for it; the `ahead` are without
    them. `not_before`: this person's own wish. `in_care`: called or in a room.
    """

    ahead: int
    in_care: int = 0
    longest: float = 0.0
    deferred: tuple[float, ...] = ()
    not_before: float = 0.0


@dataclass(frozen=True)
class WaitRange:
    """From `low` to `high` minutes, each rounded up to five; `high` is always the more.

    `is_paused`: the figure should not be shown as a current one.
    """

    low: int
    high: int
    is_paused: bool = False


class Spread(NamedTuple):
    """A wait before it is rounded: nine of ten are over by `late`."""

    early: float
    likely: float
    late: float


def forecast(line: Line, recent: Throughput, history: History | None) -> WaitRange | None:
    """The wait to name; None where too little is known to name any."""
    if history is None:
        return None
    spread = wait(line, recent, history)
    low = up(spread.early)
    high = max(up(spread.late), low + STEP)
    return WaitRange(low, high, is_paused(recent))


def is_paused(recent: Throughput) -> bool:
    """Whether people wait and nobody has been called for so long that no figure is a current one."""
    return recent.moved == 0 and recent.busy >= SILENCE


def wait(line: Line, recent: Throughput, history: History) -> Spread:
    """The same in fractions of minutes, whatever is known."""
    pace, turns = rate(recent, history), _turns(line, history)
    for earliest in sorted(line.deferred):
        turns += earliest <= _until_gone(turns, pace, history.leaving)
    likely = _until_gone(turns, pace, history.leaving)
    doubt = sqrt(turns + (UNSURE * turns) ** 2) / (pace + history.leaving * turns)
    spread = (max(0.0, likely - EARLY * doubt), likely, likely + LATE * doubt)
    return Spread(*(max(line.not_before, minutes) for minutes in spread))


def rate(recent: Throughput, history: History) -> float:
    """How many a minute go in while somebody waits."""
    weight = PRIOR if history.pace else 0.0
    busy = recent.busy + weight
    return max(SLOWEST, (recent.moved + weight * history.pace) / busy) if busy else SLOWEST


def usual(hours: Iterable[Throughput], days: Iterable[Throughput]) -> History:
    """The pace of an hour of the week, drawn towards that of the whole day where few speak for it.

    And where hardly anybody ever had to wait, towards what the places that were in use can do.
    """
    hour, day = total(hours), total(days)
    pace = day.most / day.care if day.care else 0.0
    for part in (day, hour):
        pace = rate(part, History(pace=pace))
    leaving = day.left / day.waited if day.waited else 0.0
    return History(day.served, pace if day.served else 0.0, day.places or day.most, leaving)


def enough(past: History, today: Callable[[], Throughput]) -> History | None:
    """What to go by: the past, else the day's own course so far, else nothing.

    Of the day's own, nobody who gave up counts: a jam would shorten its own figure.
    """
    if past.served >= LEAST_HISTORY:
        return past
    so_far = today()
    return replace(usual([so_far], [so_far]), leaving=0.0) if so_far.served >= LEAST_TODAY else None


def _turns(line: Line, history: History) -> float:
    """How many have to go in first; a half for the place that has to come free where this person is next."""
    free = history.places - line.in_care if line.longest <= UNSEEN else 0.0
    return max(0.0, line.ahead + 0.5 - max(0.0, free))


def _until_gone(turns: float, pace: float, leaving: float) -> float:
    """Until so many have gone in, or have left: of those in line a share goes each minute."""
    return log1p(leaving * turns / pace) / leaving if leaving else turns / pace


def up(minutes: float) -> int:
    """To the next five, and five at least."""
    return max(STEP, ceil(minutes / STEP) * STEP)
