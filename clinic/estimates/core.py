"""How long somebody will wait, on plain values: no database, no clock, nothing of who they are.

The figure is (people ahead + a half where no place is free) / how fast the line moves, less those who give up. How
fast: those who went in over the time in which somebody had to wait, of the last 90 minutes, drawn towards what the
clinic does at this hour of this weekday. Time in which people wait and nobody is called counts in full: a jam
raises the figure, and never lowers it.
"""

from __future__ import annotations

from bisect import bisect, bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import ceil, log1p, sqrt
from statistics import fmean
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
# Whoever waited less was called at once: that says how soon somebody looked, and nothing of how fast a line moves.
AT_ONCE = 2.0
STEP = 5
# How far a wait strays, in turns: by chance, and because a pace is never known for sure. Nine in ten are over by
# LATE times that.
UNSURE, EARLY, LATE = 0.3, 0.5, 0.9


class Stay(NamedTuple):
    """When somebody joined the line, went from it, and was gone, as minutes of one clock; None: not yet."""

    joined: float
    went: float | None = None
    gone: float | None = None
    was_called: bool = False


@dataclass(frozen=True)
class Throughput:
    """`served` were called in all, and `moved` of them in the `busy` minutes in which somebody had to wait.

    `left` gave up; `waited` are the minutes that all waited who were called or gave up.

    `places`: how many were in care at once in these, on average; `most`: at any time. `care`: how long each is.
    """

    served: int = 0
    moved: float = 0.0
    busy: float = 0.0
    places: float = 0.0
    most: float = 0.0
    care: float = 0.0
    left: int = 0
    waited: float = 0.0


@dataclass(frozen=True)
class History:
    """What the clinic's own past says of an hour of the week; `served` is how many speak for it.

    `leaving`: the share of those in line who give up in a minute.
    """

    served: float = 0.0
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
    low = up(spread.early)
    high = max(up(spread.late), low + STEP)
    return WaitRange(low, high, recent.moved == 0 and recent.busy >= SILENCE)


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
    """What to go by: the past, else the day's own course so far, else nothing."""
    if past.served >= LEAST_HISTORY:
        return past
    so_far = today()
    return usual([so_far], [so_far]) if so_far.served >= LEAST_TODAY else None


def total(parts: Iterable[Throughput]) -> Throughput:
    """Several stretches of time as one; `most` is that of a usual one."""
    known = [part for part in parts if part.served]
    served, busy = sum(part.served for part in known), sum(part.busy for part in known)
    return Throughput(
        served,
        sum(part.moved for part in known),
        busy,
        _mean((part.places, part.busy) for part in known),
        _mean((part.most, part.served) for part in known),
        _mean((part.care, part.served) for part in known),
        sum(part.left for part in known),
        sum(part.waited for part in known),
    )


def throughput(stays: Iterable[Stay], since: float, until: float) -> Throughput:
    """What went from the line in a stretch of time, as it was known at its end."""
    known = [stay for stay in stays if stay.joined <= until and (stay.gone is None or stay.gone > since)]
    waits = ((one.joined, min(until, _or(one.went, until))) for one in known)
    spans = _union((max(since, start), end) for start, end in waits if end - start > AT_ONCE)
    busy = _Busy(spans)
    cared = [(one.went, _or(one.gone, until)) for one in known if one.was_called and one.went is not None]
    called = [went for went, _gone in cared if since < went <= until]
    shared = sum(busy.before(gone) - busy.before(went) for went, gone in cared)
    # The first of each span found a place that was half over.
    halves = sum(end < until for _start, end in spans) / 2
    moved = max(0.0, sum(busy.holds(went) for went in called) - halves)
    done = [stay.gone - stay.went for stay in known if stay.was_called and stay.went and stay.gone]
    ended = [
        (stay.went - stay.joined, stay.was_called) for stay in known if stay.went and since < stay.went <= until
    ]
    return Throughput(
        served=len(called),
        moved=moved,
        busy=busy.all_,
        places=shared / busy.all_ if busy.all_ else 0.0,
        most=_most(cared),
        care=fmean(done) if done else 0.0,
        left=sum(not was_called for _waited, was_called in ended),
        waited=sum(waited for waited, _was_called in ended),
    )


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

    def holds(self, at: float) -> bool:
        place = bisect_left(self._starts, at)
        return place > 0 and at <= self._spans[place - 1][1]


def _turns(line: Line, history: History) -> float:
    """How many have to go in first; a half for the place that has to come free where this person is next."""
    free = history.places - line.in_care if line.longest <= UNSEEN else 0.0
    return max(0.0, line.ahead + 0.5 - max(0.0, free))


def _most(spans: Iterable[tuple[float, float]]) -> int:
    """How many there are at once, at most."""
    turns = sorted(turn for start, end in spans for turn in ((start, 1), (end, -1)))
    return max(accumulate(change for _at, change in turns), default=0)


def _mean(weighted: Iterable[tuple[float, float]]) -> float:
    pairs = list(weighted)
    weight = sum(weight for _value, weight in pairs)
    return sum(value * weight for value, weight in pairs) / weight if weight else 0.0


def _until_gone(turns: float, pace: float, leaving: float) -> float:
    """Until so many have gone in, or have left: of those in line a share goes each minute."""
    return log1p(leaving * turns / pace) / leaving if leaving else turns / pace


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


def up(minutes: float) -> int:
    """To the next five, and five at least."""
    return max(STEP, ceil(minutes / STEP) * STEP)
