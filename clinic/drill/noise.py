"""What is noise in delays on a machine that others use too, and what is not.

Milliseconds there say little, so the outage is judged against the same design without it; and the tail of few
samples by a rule that one short hiccup of the machine does not break. Who waited behind a vendor call has a wait
of any length up to the call's deadline of 1 s. What is under ASIDE_SECONDS and alone passes for a hiccup; all
longer waits fail, unless the design waits as long without the outage.
"""

from __future__ import annotations

from collections.abc import Sequence

from clinic.drill.measures import Wait, percentile

NOISE_RATIO, NOISE_SECONDS = 1.1, 0.005
ENOUGH = 1000
"""From so many samples on, ten lie above the p99 and it is judged as it stands."""
EMR_TAIL, SCREEN_TAIL = 0.1, 0.15
"""Seconds that a tail may always have: nobody notices the one, and the other is the design's bound of a p99."""
ASIDE_SECONDS = 0.25
"""What is set aside as a hiccup is shorter: a quarter of a vendor call's deadline."""
HICCUP_SECONDS = 1.0
"""What was committed so near to each other met the same stall of the machine."""

RULE = (
    "Within noise is 1.1 times the value without the outage, or 5 ms more, whichever is more. So is p50 judged, "
    "and p99 from 1,000 samples on. The p99 of fewer is about their maximum, which one hiccup of a shared "
    "machine decides: there the slowest is set aside with all that was committed within a second of it, once for "
    "every hundred samples and at least once, and the highest of the rest is the tail. The tail must be under "
    "100 ms for EMR jobs and 150 ms for screens, or within 1.1 times the tail without the outage. What was set "
    "aside must be under 0.25 s, a quarter of a vendor call's deadline, or within 1.1 times the maximum without "
    "the outage. So a job that waited longer behind a call is seen; one that waited less, and alone, is not. "
    "A probe is a call alone, of at most 2 s, after 5 s at least without a call: the breaker is half "
    "open then. Once it is open, the vendor may hold under 1 % of the workers' time without the probes, and "
    "under 2 % with them."
)


def within_noise(well: Sequence[Wait], out: Sequence[Wait], bound: float) -> bool:
    """Whether waits in the outage are those without it, but for noise. Of nothing: no.

    `bound`: seconds that the tail of few samples may always have.
    """
    return bool(well and out) and _near(well, out, 50) and _is_tail_near(well, out, bound)


def rank(waits: Sequence[Wait], percent: int) -> float:
    """A percentile of waits, in seconds; 0 of nothing."""
    return percentile(sorted(wait.seconds for wait in waits), percent) or 0.0


def tail(waits: Sequence[Wait]) -> float:
    """The highest of some waits without the worst hiccups: one for every hundred waits, and at least one."""
    rest = list(waits)
    for _ in range(max(1, len(waits) // 100)):
        slowest = max(rest, key=lambda wait: wait.seconds)
        apart = [wait for wait in rest if abs(wait.at - slowest.at) > HICCUP_SECONDS]
        rest = apart or rest
    return max(wait.seconds for wait in rest)


def _near(well: Sequence[Wait], out: Sequence[Wait], percent: int) -> bool:
    before = rank(well, percent)
    return rank(out, percent) <= max(NOISE_RATIO * before, before + NOISE_SECONDS)


def _is_tail_near(well: Sequence[Wait], out: Sequence[Wait], bound: float) -> bool:
    if min(len(well), len(out)) >= ENOUGH:
        return _near(well, out, 99)
    is_tail_short = tail(out) < max(bound, NOISE_RATIO * tail(well))
    return is_tail_short and rank(out, 100) < max(ASIDE_SECONDS, NOISE_RATIO * rank(well, 100))
