"""Whether Evenkeel keeps its promise in the drill: its own runs against each other and against the incident's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import zip_longest
from typing import NamedTuple

from clinic.drill.measures import Opened, Wait, never, once_open, waited
from clinic.drill.noise import EMR_TAIL, SCREEN_TAIL, rank, tail, within_noise
from clinic.drill.record import Run
from clinic.drill.words import milliseconds, percent

Pair = tuple[list[Wait], list[Wait]]
"""Waits without the outage and in it."""
WORSE = 100
HELD, HELD_WITH_PROBES = 0.01, 0.02
"""Shares of all workers' time, once the breaker is open."""
SAME_WORK = 0.1


class Goal(NamedTuple):
    """One thing that must be true: a short name, a sentence with its figures, and whether it is."""

    name: str
    text: str
    is_met: bool


def met(runs: Sequence[Run]) -> list[Goal]:
    """The goals of the design, judged.

    Where Evenkeel was run several times, well and out in turn, the best pair is judged for noise, and every run
    for what it held and lost. What was not run or not measured is not met.
    """
    wells, outs = _of(runs, "evenkeel", "well"), _of(runs, "evenkeel", "out")
    return [
        _alike("emr", "EMR jobs begin", _pairs(wells, outs, _emr), EMR_TAIL),
        _worse(outs, _of(runs, "incident", "out")),
        _alike("screens", "Screens change", _pairs(wells, outs, _screens), SCREEN_TAIL),
        _held(outs),
        _nothing_lost(wells, outs),
    ]


def _alike(name: str, what: str, pairs: Sequence[Pair], bound: float) -> Goal:
    says = f"{what} as soon in the outage as without it"
    if not all(well and out for well, out in pairs) or not pairs:
        return Goal(name, f"{says}: nothing was measured", False)
    near = [pair for pair in pairs if within_noise(*pair, bound)]
    told = f", the best of {len(pairs)} pairs of runs" if len(pairs) > 1 else ""
    return Goal(name, f"{says}: {_figures(*(near or pairs)[0])}{told}", bool(near))


def _figures(well: list[Wait], out: list[Wait]) -> str:
    pairs = [(f"p{of}", rank(out, of), rank(well, of)) for of in (50, 99)]
    told = [*pairs, ("tail", tail(out), tail(well))]
    return ", ".join(f"{head} {_ms(now)} against {_ms(before)} ms" for head, now, before in told)


def _worse(outs: Sequence[Run], incidents: Sequence[Run]) -> Goal:
    says = f"On the same work, EMR jobs wait {WORSE} times longer or more with the incident's design"
    theirs, ours = [_emr(run) for run in incidents], [_emr(run) for run in outs]
    if not (theirs and ours and all(theirs) and all(ours)):
        return Goal("incident", f"{says}: nothing was measured", False)
    work, same = incidents[0].check_ins, outs[0].check_ins
    if abs(work - same) > SAME_WORK * same:
        return Goal("incident", f"{says}: {work} check-ins are not {same}", False)
    long, short = min(map(tail, theirs)), min(map(tail, ours))
    return Goal("incident", f"{says}: tail {long:.1f} s against {short:.3f} s", long >= WORSE * short)


def _held(outs: Sequence[Run]) -> Goal:
    says = (
        "Under 1 % of the workers' time is held by the vendor once the breaker is open, under 2 % with its probes"
    )
    if not outs or not all(run.vendor_requests for run in outs):
        return Goal("held", f"{says}: the vendor was never asked", False)
    opened = [once_open(run) for run in outs]
    if None in opened:
        return Goal("held", f"{says}: it never opened", False)
    is_met = all(one.share < HELD and one.with_probes < HELD_WITH_PROBES for one in opened if one)
    return Goal("held", f"{says}: {_most_held([one for one in opened if one])}", is_met)


def _most_held(opened: Sequence[Opened]) -> str:
    """The worst of several runs, in each of both."""
    share, worst = max(one.share for one in opened), max(opened, key=lambda one: one.with_probes)
    probes = f"with {worst.probes} probe{'' if worst.probes == 1 else 's'} {percent(worst.with_probes)} %"
    return f"{percent(share)} %, {probes}"


def _nothing_lost(wells: Sequence[Run], outs: Sequence[Run]) -> Goal:
    runs = [*wells, *outs]
    jobs, rows = sum(never(run.emr) for run in runs), sum(never(run.screens) for run in runs)
    text = f"Every EMR job began and every change reached its screen: {jobs} and {rows} did not"
    is_measured = bool(wells and outs) and all(run.emr and run.screens for run in runs)
    told = text if is_measured else f"{text}, but not all was measured"
    return Goal("all", told, is_measured and jobs == rows == 0)


def _of(runs: Sequence[Run], design: str, vendor: str) -> list[Run]:
    return [run for run in runs if (run.design, run.vendor) == (design, vendor)]


def _pairs(wells: Sequence[Run], outs: Sequence[Run], waits: Callable[[Run], list[Wait]]) -> list[Pair]:
    """Each well run with the outage's that followed it; one that is alone has nothing beside it."""
    return [(waits(well) if well else [], waits(out) if out else []) for well, out in zip_longest(wells, outs)]


def _emr(run: Run) -> list[Wait]:
    return waited(run.emr, run.seconds)


def _screens(run: Run) -> list[Wait]:
    return waited(run.screens, run.seconds)


def _ms(seconds: float) -> str:
    return milliseconds(1000 * seconds)
