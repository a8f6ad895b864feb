"""Counters and histograms of all processes together: counted in memory, handed to Redis once a second.

Counting is an addition to a number in memory: it may stand on a request's path. While Redis is away what was
counted is kept, and handed over when it is back. A process that is killed takes its last second along, and a Redis
that loses its memory all of it: then they begin at 0 again, which Prometheus takes for a restart.
"""

from __future__ import annotations

import json
import threading
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import Any

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric

from realtime import redis_link

KEY = "evenkeel:tally"

Stored = dict[str, float]
_counted: dict[str, float] = defaultdict(float)
_lock = threading.Lock()


@dataclass(frozen=True)
class Counter:
    """`name` after Prometheus's rules, without its "_total". Labels: few, and never anything of a patient."""

    name: str
    help: str
    labels: tuple[str, ...] = ()

    def count(self, *values: str, by: float = 1) -> None:
        """One more; `values` are those of the labels, in their order."""
        _add({_field(self.name, *values): by})

    def family(self, stored: Stored) -> Metric:
        family = CounterMetricFamily(self.name, self.help, labels=self.labels)
        if not self.labels:
            family.add_metric([], stored.get(_field(self.name), 0))
            return family
        for said, number in _of(self.name, stored):
            family.add_metric(said, number)
        return family


@dataclass(frozen=True)
class Histogram:
    """Of seconds. `bounds`: the upper ends of its buckets, ascending; what is longer is in the last, "+Inf"."""

    name: str
    help: str
    bounds: tuple[float, ...]
    labels: tuple[str, ...] = ()

    def observe(self, seconds: float, *values: str) -> None:
        seconds = max(0.0, seconds)
        # By its bound, not by its number: another release may have others.
        end = _ends(self.bounds)[place_of(self.bounds, seconds)]
        _add({_field(self.name, *values, end): 1, _field(self.name, *values, "sum"): seconds})

    def family(self, stored: Stored) -> Metric:
        family = HistogramMetricFamily(self.name, self.help, labels=self.labels)
        series: dict[tuple[str, ...], Stored] = {} if self.labels else {(): {}}
        for (*said, end), number in _of(self.name, stored):
            series.setdefault(tuple(said), {})[end] = number
        for values, found in series.items():
            total = found.pop("sum", 0.0)
            family.add_metric(values, buckets(self.bounds, self._numbers(found)), total)
        return family

    def _numbers(self, found: Stored) -> list[float]:
        """By bucket of today's bounds. What was counted under a bound that is gone is in the next longer one."""
        numbers = [0.0] * (len(self.bounds) + 1)
        for end, number in found.items():
            numbers[place_of(self.bounds, float(end))] += number
        return numbers


def place_of(bounds: tuple[float, ...], seconds: float) -> int:
    """Which bucket it is in."""
    return bisect_left(bounds, seconds)


def buckets(bounds: tuple[float, ...], numbers: list[float]) -> list[tuple[str, float]]:
    """As prometheus_client takes them: each with all that is less, too. One number more than bounds."""
    return list(zip(_ends(bounds), accumulate(numbers), strict=True))


def read() -> Stored:
    """All that was handed over, by field. Raises redis.RedisError."""
    found: Any = redis_link.client().hgetall(KEY)
    return {name.decode(): float(number) for name, number in found.items()}


def forget() -> None:
    """For tests: nothing was counted in this process."""
    with _lock:
        _counted.clear()


def hand_over() -> None:
    """Adds what was counted here to what Redis has. Raises redis.RedisError; then most is kept for the next time.

    What was under way when Redis fell silent may or may not have been taken: it is not sent twice.
    """
    with _lock:
        if not _counted:
            return
    redis_link.try_write()
    with _lock:
        taken = dict(_counted)
        _counted.clear()
    with redis_link.client().pipeline() as pipe:
        for name, number in taken.items():
            pipe.hincrbyfloat(KEY, name, number)
        pipe.execute()


def _add(numbers: Stored) -> None:
    with _lock:
        for name, number in numbers.items():
            _counted[name] += number


@lru_cache(64)
def _ends(bounds: tuple[float, ...]) -> tuple[str, ...]:
    """What its buckets are called."""
    return (*(f"{bound:g}" for bound in bounds), "+Inf")


@lru_cache(4096)
def _field(*parts: str) -> str:
    return json.dumps(parts)


def _of(name: str, stored: Stored) -> Iterator[tuple[list[str], float]]:
    for text in sorted(stored):
        first, *rest = json.loads(text)
        if first == name:
            yield rest, stored[text]
