"""How long somebody will wait, on plain values: no database, no clock, nothing of who they are.

The figure is (people ahead + a half where nobody's place is free) / how fast the line moves. How fast: those who
went in over the time in which somebody waited, of the last 90 minutes, drawn towards what the clinic does at this
hour of this weekday. Time in which people wait and nobody is called counts in full: a jam raises the figure, and
never lowers it.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import ceil, sqrt
from typing import NamedTuple

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
UNSURE, EARLY, LATE = 0.3, 0.5, 1.3


class Stay(NamedTuple):
    """When somebody joined the line, went from it, and was gone, as minutes of one clock; None: not yet."""

    joined: float
    went: float | None = None
    gone: float | None = None
    was_called: bool = False


@dataclass(frozen=True)
class Throughput:
    """`served` were called from the line in `busy` minutes in which somebody waited.

    `places`: how many were in care at once then, on average.
    """

    served: int = 0
    busy: float = 0.0
    places: float = 0.0


@dataclass(frozen=True)
class History:
    """What the clinic's own past says of an hour of the week; `served` is how many speak for it."""

    served: int = 0
    pace: float = 0.0
    places: float = 0.0


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

    `is_paused`: nobody has been called for so long that the figure should not be shown as a current one.
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
    low = _up(spread.early)
    high = max(_up(spread.late), low + STEP)
    return WaitRange(low, high, recent.served == 0 and recent.busy >= SILENCE)


def wait(line: Line, recent: Throughput, history: History) -> Spread:
    """The same in fractions of minutes, whatever is known."""
    pace, turns = rate(recent, history), _turns(line, history)
    for earliest in sorted(line.deferred):
        turns += earliest <= turns / pace
    likely = turns / pace
    doubt = sqrt(turns + (UNSURE * turns) ** 2) / pace
    spread = (max(0.0, likely - EARLY * doubt), likely, likely + LATE * doubt)
    return Spread(*(max(line.not_before, minutes) for minutes in spread))


def rate(recent: Throughput, history: History) -> float:
    """How many a minute go in while somebody waits."""
    weight = PRIOR if history.pace else 0.0
    busy = recent.busy + weight
    return max(SLOWEST, (recent.served + weight * history.pace) / busy) if busy else SLOWEST


def usual(hours: Iterable[Throughput], days: Iterable[Throughput]) -> History:
    """The pace of an hour of the week, drawn towards that of the whole day where few speak for it."""
    hour, day = total(hours), total(days)
    pace = rate(hour, History(pace=day.served / day.busy if day.busy else 0.0))
    return History(day.served, pace if day.served else 0.0, day.places)


def enough(past: History, today: Throughput) -> History | None:
    """What to go by: the past, else the day's own course so far, else nothing."""
    if past.served >= LEAST_HISTORY:
        return past
    return usual([today], [today]) if today.served >= LEAST_TODAY else None


def total(parts: Iterable[Throughput]) -> Throughput:
    """Several stretches of time as one."""
    known = list(parts)
    busy = sum(part.busy for part in known)
    places = sum(part.places * part.busy for part in known)
    return Throughput(sum(part.served for part in known), busy, places / busy if busy else 0.0)


def throughput(stays: Iterable[Stay], since: float, until: float) -> Throughput:
    """What went from the line in a stretch of time, as it was known at its end."""
    known = [stay for stay in stays if stay.joined < until and (stay.gone is None or stay.gone > since)]
    spans = _union((max(since, one.joined), min(until, _or(one.went, until))) for one in known)
    busy = _Busy(spans)
    cared = [(one.went, _or(one.gone, until)) for one in known if one.was_called and one.went is not None]
    served = sum(since < went <= until for went, _gone in cared)
    shared = sum(busy.before(gone) - busy.before(went) for went, gone in cared)
    return Throughput(served, busy.all_, shared / busy.all_ if busy.all_ else 0.0)


class _Busy:
    """How much of some time lies before a moment."""

    def __init__(self, spans: Sequence[tuple[float, float]]) -> None:
        self._spans, self._starts = spans, [start for start, _end in spans]
        self._sums = [0.0, *accumulate(end - start for start, end in spans)]
        self.all_ = self._sums[-1]

    def before(self, at: float) -> float:
        place = bisect(self._starts, at)
        if place == 0:
            return 0.0
        start, end = self._spans[place - 1]
        return self._sums[place - 1] + min(at, end) - start


def _turns(line: Line, history: History) -> float:
    """How many have to go in first; a half for the place that has to come free where this person is next."""
    free = history.places - line.in_care if line.longest <= UNSEEN else 0.0
    return max(0.0, line.ahead + 0.5 - max(0.0, free))


def _union(spans: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """The same time without overlaps."""
    joined: list[tuple[float, float]] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _or(at: float | None, other: float) -> float:
    return other if at is None else at


def _up(minutes: float) -> int:
    """To the next five, and five at least."""
    return max(STEP, ceil(minutes / STEP) * STEP)
