"""Medians and tails, and the best of several runs."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

RUNS = 3


class NotMeasured(RuntimeError):
    """A figure that could not be had: an error of the whole bench, never a pass."""


def percentile(samples: Sequence[float], share: float) -> float:
    """The smallest sample that `share` of them do not exceed. Raises NotMeasured when there is none."""
    if not samples:
        raise NotMeasured("no samples")
    return sorted(samples)[max(0, math.ceil(share * len(samples)) - 1)]


def p50(samples: Sequence[float]) -> float:
    return percentile(samples, 0.5)


def p99(samples: Sequence[float]) -> float:
    return percentile(samples, 0.99)


def best(runs: Sequence[Sequence[float]], what: Callable[[Sequence[float]], float]) -> float:
    """The least that `what` makes of a run: other users of the machine only ever add to it."""
    if not runs:
        raise NotMeasured("no runs")
    return min(what(run) for run in runs)


def milliseconds(seconds: Sequence[float]) -> list[float]:
    return [one * 1000 for one in seconds]
