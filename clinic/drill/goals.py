"""Whether Evenkeel keeps its promise in the drill: its own runs against each other and against the incident's.

Milliseconds on a shared machine are noise, so the outage is judged against the same design without it, and the
tail of few samples by a rule that one hiccup of the machine does not break, and one vendor call does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from clinic.drill.measures import never, once_open, percentile, waits
from clinic.drill.record import Run
from clinic.drill.words import milliseconds, percent

Outage = tuple[float, float] | None
NOISE_RATIO, NOISE_SECONDS = 1.1, 0.005
ENOUGH = 1000
"""From so many samples on, ten lie above the p99 and it is judged as it stands."""
EMR_TAIL, SCREEN_TAIL = 0.1, 0.15
"""Seconds that a tail may always have: nobody notices the one, and the other is the design's bound of a p99."""
CALL_SECONDS = 1.0
"""The deadline of a vendor call: who waited so long may have waited for one."""
WORSE = 100
HELD = 0.01
SAME_WORK = 0.1

RULE = (
    "Within noise is 1.1 times the value without the outage, or 5 ms more, whichever is more. So is p50 judged, "
    "and p99 from 1,000 samples on. The p99 of fewer is about their maximum, which one hiccup of a shared "
    "machine decides: there one sample in a hundred, and at least one, is set aside, and the highest of the rest "
    "is the tail. The tail must be under 100 ms for EMR jobs and 150 ms for screens, or within 1.1 times the "
    "tail without the outage. What was set aside must be under 1 s, the deadline of one vendor call, or within "
    "1.1 times the maximum without the outage. A probe is a call alone, of at most 2 s, after 5 s at least "
    "without a call: the breaker is half open then, and its time counts apart."
)


class Goal(NamedTuple):
    """One thing that must be true: a short name, a sentence with its figures, and whether it is."""

    name: str
    text: str
    is_met: bool


def met(runs: Iterable[Run], outage: Outage = None) -> list[Goal]:
    """The goals of the design, judged. `outage`: its begin and end, in seconds of the run; None: all of it.

    What was not run or not measured is not met.
    """
    of = {(run.design, run.vendor): run for run in runs}
    well, out = of.get(("evenkeel", "well")), of.get(("evenkeel", "out"))
    incident = of.get(("incident", "out"))
    if not (well and out and incident):
        return [
            Goal("runs", "Evenkeel ran well and in the outage, and the incident's design in the outage", False)
        ]
    return [
        _alike("emr", "EMR jobs begin as soon in the outage as without it", _emr(well), _emr(out), EMR_TAIL),
        _worse(out, incident),
        _alike(
            "screens",
            "Screens change as soon in the outage as without it",
            _screens(well),
            _screens(out),
            SCREEN_TAIL,
        ),
        _held(out, outage),
        _nothing_lost((well, out)),
    ]


def within_noise(well: list[float], out: list[float], bound: float) -> bool:
    """Whether delays in the outage, ascending, are those without it, but for noise. Of nothing: no.

    `bound`: seconds that the tail of few samples may always have.
    """
    return bool(well and out) and _near(well, out, 50) and _is_tail_near(well, out, bound)


def _near(well: list[float], out: list[float], percent: int) -> bool:
    before, now = percentile(well, percent), percentile(out, percent)
    assert before is not None and now is not None
    return now <= max(NOISE_RATIO * before, before + NOISE_SECONDS)


def _is_tail_near(well: list[float], out: list[float], bound: float) -> bool:
    if min(len(well), len(out)) >= ENOUGH:
        return _near(well, out, 99)
    is_tail_short = tail(out) < max(bound, NOISE_RATIO * tail(well))
    return is_tail_short and out[-1] < max(CALL_SECONDS, NOISE_RATIO * well[-1])


def tail(ascending: list[float]) -> float:
    """The highest of some delays when one in a hundred, and at least one, is set aside."""
    spared = max(1, len(ascending) // 100)
    return ascending[max(0, len(ascending) - 1 - spared)]


def _alike(name: str, says: str, well: list[float], out: list[float], bound: float) -> Goal:
    if not (well and out):
        return Goal(name, f"{says}: nothing was measured", False)
    pairs = [(f"p{percent}", percentile(out, percent), percentile(well, percent)) for percent in (50, 99)]
    figures = [
        f"{head} {_ms(now)} against {_ms(before)} ms"
        for head, now, before in [*pairs, ("tail", tail(out), tail(well))]
    ]
    return Goal(name, f"{says}: {', '.join(figures)}", within_noise(well, out, bound))


def _worse(out: Run, incident: Run) -> Goal:
    says = "On the same work, EMR jobs wait 100 times longer or more with the incident's design"
    if not (incident.emr and out.emr):
        return Goal("incident", f"{says}: nothing was measured", False)
    if abs(incident.check_ins - out.check_ins) > SAME_WORK * out.check_ins:
        return Goal("incident", f"{says}: {incident.check_ins} check-ins are not {out.check_ins}", False)
    theirs, ours = tail(_emr(incident)), tail(_emr(out))
    text = f"{says}: tail {theirs:.1f} s against {ours:.3f} s"
    return Goal("incident", text, theirs >= WORSE * ours)


def _held(out: Run, outage: Outage) -> Goal:
    says = "Under 1 % of the workers' time is held by the vendor once the breaker is open"
    if not out.vendor_requests:
        return Goal("held", f"{says}: the vendor was never asked", False)
    opened = once_open(out, *(outage or (0.0, out.seconds)))
    if opened is None:
        return Goal("held", f"{says}: it never opened", False)
    probes = f"with {opened.probes} probe{'' if opened.probes == 1 else 's'} {percent(opened.with_probes)} %"
    return Goal("held", f"{says}: {percent(opened.share)} %, {probes}", opened.share < HELD)


def _nothing_lost(runs: Sequence[Run]) -> Goal:
    jobs = sum(never(run.emr) for run in runs)
    rows = sum(never(run.screens) for run in runs)
    text = f"Every EMR job began and every change reached its screen: {jobs} and {rows} did not"
    is_measured = all(run.emr and run.screens for run in runs)
    return Goal("all", text, is_measured and jobs == rows == 0)


def _emr(run: Run) -> list[float]:
    return waits(run.emr, run.seconds)


def _screens(run: Run) -> list[float]:
    return waits(run.screens, run.seconds)


def _ms(seconds: float | None) -> str:
    return milliseconds(None if seconds is None else 1000 * seconds)
