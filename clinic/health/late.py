"""Jobs that wait for too long though somebody serves their queue: its worker hangs, or there are too few."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from clinic.health import hanging
from clinic.health.facts import Facts
from clinic.health.truth import Book, Lever, Place, Truth
from clinic.health.unserved import EFFECTS, is_missed
from clinic.spans import span
from realtime.job_queues import Standing

# As the alert EvenkeelJobsWait has it.
LATE_SECONDS = 120.0
# What explains a destination that is behind; one that is ill explains its own jobs.
CAUSE, OTHERS = ("integrations",), ("ill", "notices", "default", "low")


def of_integrations(facts: Facts) -> Truth | None:
    return _truth(CAUSE, facts)


def of_others(facts: Facts) -> Truth | None:
    return _truth(OTHERS, facts)


def _truth(names: Sequence[str], facts: Facts) -> Truth | None:
    """About all of these that are late, with what the worst of them means."""
    late = {name: facts.queues[name] for name in names if facts.queues and _is_late(name, facts)}
    if not late:
        return None
    ends, patients = EFFECTS[next(iter(late))]
    lever = _lever(set(late), facts)
    return Truth(f"{_what(late)}: {ends}", patients, Book.WORKERS, lever, alarm=True)


def _is_late(name: str, facts: Facts) -> bool:
    """Not where nobody serves it, or Redis gives no job to anybody: that is told."""
    waited = facts.queues[name].oldest_seconds if facts.queues else None
    return (waited or 0) > LATE_SECONDS and not facts.refusal and not is_missed(name, facts)


def _what(late: dict[str, Standing]) -> str:
    depth, oldest = sum(one.depth for one in late.values()), max(one.oldest_seconds or 0 for one in late.values())
    jobs, length = f"of {' or '.join(late)}", span(timedelta(seconds=oldest))
    return (
        f"1 job {jobs} has waited for {length}"
        if depth == 1
        else f"{depth:,} jobs {jobs} wait, for up to {length}"
    )


def _lever(late: set[str], facts: Facts) -> Lever:
    serving = [one for one in facts.pulse.living if not late.isdisjoint(one.serves)] if facts.pulse else []
    stuck = max((one for one in serving if one.is_stuck), key=lambda one: one.doing_seconds, default=None)
    if stuck is None:
        return Lever("Start more workers (EVENKEEL_WORKERS), here or on one more machine.", Place.JOBS)
    why = f"{stuck.kind[0].upper()}{stuck.kind[1:]} hangs, {hanging.how(stuck)}"
    return Lever(f"{why}. {hanging.kill(stuck)}, and its job is taken up.", Place.PROCESSES)
