"""Figures from a run: percentiles of delays, and what the vendor cost the workers."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby, pairwise
from typing import NamedTuple

from clinic.drill.record import Delay, Run, Sample

PROBE_SECONDS = 2.0
"""A call that ends at its deadline of 1.0 s lasts no longer, as samples of a busy machine see it."""
REST_SECONDS = 5.0
"""A breaker that opens rests for 8 s at least; so much of it is seen by samples of a busy machine too."""


class Wait(NamedTuple):
    """How long something took that was committed `at`, or has taken by the run's end; in seconds."""

    at: float
    seconds: float


def waited(delays: Iterable[Delay], until: float) -> list[Wait]:
    """In their order. What never came has waited from its commit to `until`, the run's end."""
    return [Wait(one.at, until - one.at if one.seconds is None else one.seconds) for one in delays]


def waits(delays: Iterable[Delay], until: float) -> list[float]:
    """The same in seconds alone, ascending."""
    return sorted(wait.seconds for wait in waited(delays, until))


def percentile(ascending: list[float], percent: int) -> float | None:
    """By nearest rank: the smallest value that `percent` of all do not exceed. None of nothing."""
    if not ascending:
        return None
    rank = -(-percent * len(ascending) // 100)
    return ascending[max(rank, 1) - 1]


def never(delays: Iterable[Delay]) -> int:
    """How many never came."""
    return sum(one.seconds is None for one in delays)


def longest(sample: Sample) -> int:
    """Jobs waiting in the longest of the job queues."""
    return max(sample.depths.values(), default=0)


def share_held(run: Run) -> float:
    """The share of all workers' time that passed inside vendor calls, 0 to 1."""
    time = run.workers * run.seconds
    return run.held_seconds / time if time else 0.0


class Spell(NamedTuple):
    """Samples in a row, from one moment to another, with a worker inside a vendor call all along, or none."""

    begin: float
    end: float
    held: bool
    most: int
    worker_seconds: float


class Opened(NamedTuple):
    """What the vendor cost once a breaker had opened, as shares of all workers' time from then on."""

    share: float
    """Outside probes."""
    with_probes: float
    probes: int


def spells(run: Run) -> list[Spell]:
    """The whole run, cut where the workers' being held by the vendor begins or ends."""
    seen = [sample for sample in run.samples if sample.at < run.seconds]
    ends = [sample.at for sample in seen[1:]] + [run.seconds]
    pieces = [(sample, max(0.0, end - sample.at)) for sample, end in zip(seen, ends, strict=bool(seen))]
    return [_spell(list(group)) for _, group in groupby(pieces, key=lambda piece: piece[0].held > 0)]


def once_open(run: Run) -> Opened | None:
    """What was held after the breaker opened, in a run that is all outage. None: it never opened.

    It counts as open from the first rest of REST_SECONDS without a call after a call. A later call that is alone,
    short and has such a rest before it is a probe.
    """
    parts = spells(run)
    first = next((index for index, part in enumerate(parts) if index and _is_rest(part)), None)
    if first is None:
        return None
    after = parts[first:]
    held = [(part, _is_probe(part, before)) for before, part in pairwise(after) if part.held]
    time = (run.seconds - after[0].begin) * run.workers
    total = sum(part.worker_seconds for part, _probe in held)
    probing = sum(part.worker_seconds for part, probe in held if probe)
    return Opened((total - probing) / time, total / time, sum(probe for _part, probe in held))


def _is_rest(part: Spell) -> bool:
    return not part.held and part.end - part.begin >= REST_SECONDS


def _is_probe(part: Spell, before: Spell) -> bool:
    return part.most == 1 and part.end - part.begin <= PROBE_SECONDS and _is_rest(before)


def _spell(pieces: list[tuple[Sample, float]]) -> Spell:
    (first, _), (last, length) = pieces[0], pieces[-1]
    return Spell(
        begin=first.at,
        end=last.at + length,
        held=first.held > 0,
        most=max(sample.held for sample, _ in pieces),
        worker_seconds=sum(sample.held * length for sample, length in pieces),
    )
