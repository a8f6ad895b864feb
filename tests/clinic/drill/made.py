"""Made runs for tests of the report: what a drill may leave behind, from a small model of workers and a vendor."""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterable

from clinic.drill.record import DESIGNS, Delay, Run, Sample

SECONDS, WORKERS = 60.0, 4
CALL = {"incident": 48.0, "timeouts": 8.0, "one_try": 2.0, "breaker": 2.0, "pools": 48.0, "evenkeel": 1.0}
"""Seconds that a publish holds its worker in the outage, retries included."""
Busy = tuple[float, float, str]
"""When a job was committed and began, and its kind: "emr" or "notice"."""


def run(design: str = "evenkeel", vendor: str = "out", seconds: float = SECONDS, seed: int = 7) -> Run:
    """A plausible run: one check-in and two changes a second, four workers, out or well all along."""
    chance = random.Random(seed)
    calls: list[tuple[float, float]] = []
    jobs = list(_worked(_due(chance, seconds), design, vendor, chance, calls))
    samples = tuple(_sample(at / 4, jobs, calls) for at in range(int(seconds * 4)))
    own = design == "evenkeel"
    return Run(
        design, vendor, seconds, WORKERS,
        emr=tuple(_delay(job, seconds) for job in jobs if job[2] == "emr"),
        screens=tuple(_screen(job, own, vendor, chance) for job in jobs if job[2] == "notice"),
        samples=samples,
        held_seconds=sum(min(end, seconds) - begin for begin, end in calls if begin < seconds),
        vendor_requests=len(calls), check_ins=int(seconds), changes=2 * int(seconds),
    )  # fmt: skip


def ladder() -> list[Run]:
    """Every design, with the vendor well and out."""
    return [run(design.key, vendor) for design in DESIGNS for vendor in ("well", "out")]


def empty(design: str = "evenkeel", vendor: str = "out") -> Run:
    """A run that measured nothing."""
    return Run(design, vendor, 60.0, WORKERS, (), (), (), 0.0, 0, 0, 0)


def waited(seconds: Iterable[float | None], every: float = 0.5) -> tuple[Delay, ...]:
    """Delays of so many seconds each, committed one after the other."""
    return tuple(Delay(place * every, one) for place, one in enumerate(seconds))


def held(pattern: Iterable[tuple[float, int]]) -> tuple[Sample, ...]:
    """Four samples a second: so many seconds with so many workers inside a vendor call, one after the other."""
    numbers = [workers for seconds, workers in pattern for _ in range(round(seconds * 4))]
    return tuple(Sample(place / 4, {"notices": 0}, workers) for place, workers in enumerate(numbers))


def _due(chance: random.Random, seconds: float) -> list[tuple[float, str]]:
    notices = [(chance.uniform(0, seconds), "notice") for _ in range(2 * int(seconds))]
    return sorted([*notices, *((chance.uniform(0, seconds), "emr") for _ in range(int(seconds)))])


def _worked(
    due: list[tuple[float, str]], design: str, vendor: str, chance: random.Random, calls: list[tuple[float, float]]
) -> Iterable[Busy]:
    """Jobs in order through workers, shared or in two pools. Calls of the vendor go into `calls`."""
    shared = design not in ("pools", "evenkeel")
    pools = {"emr": [0.0] * (WORKERS if shared else WORKERS // 2), "notice": [0.0] * (WORKERS // 2)}
    failed = 0
    for at, kind in due:
        pool = pools["emr"] if shared else pools[kind]
        begin = max(at, heapq.heappop(pool)) + chance.lognormvariate(-6.2, 0.5)
        length = 0.01
        if kind == "notice":
            is_out = vendor == "out"
            is_open = design in ("breaker", "evenkeel") and failed >= 5
            if not is_open:
                length = CALL[design] if is_out else 0.02
                failed += is_out
                calls.append((begin, begin + length))
        heapq.heappush(pool, begin + length)
        yield at, begin, kind


def _delay(job: Busy, until: float) -> Delay:
    at, begin, _ = job
    return Delay(at, begin - at if begin < until else None)


def _screen(job: Busy, own: bool, vendor: str, chance: random.Random) -> Delay:
    at, begin, _ = job
    if own:
        return Delay(at, chance.lognormvariate(-3.9, 0.3))
    return Delay(at, None if vendor == "out" else begin - at + 0.02 + chance.lognormvariate(-4, 0.3))


def _sample(at: float, jobs: list[Busy], calls: list[tuple[float, float]]) -> Sample:
    waiting = [kind for committed, begin, kind in jobs if committed <= at < begin - 0.005]
    depths = {"notices": waiting.count("notice"), "integrations": waiting.count("emr")}
    return Sample(at, depths, sum(begin <= at < end for begin, end in calls))
