"""What went through a line in a stretch of time, counted from who came when and went when: plain values alone."""

from __future__ import annotations

from bisect import bisect, bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from statistics import fmean
from typing import NamedTuple

# Whoever waited less was called at once: that says how soon somebody looked, and nothing of how fast a line moves.
AT_ONCE = 2.0


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


def _most(spans: Iterable[tuple[float, float]]) -> int:
    """How many there are at once, at most."""
    turns = sorted(turn for start, end in spans for turn in ((start, 1), (end, -1)))
    return max(accumulate(change for _at, change in turns), default=0)


def _mean(weighted: Iterable[tuple[float, float]]) -> float:
    pairs = list(weighted)
    weight = sum(weight for _value, weight in pairs)
    return sum(value * weight for value, weight in pairs) / weight if weight else 0.0


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
