"""Work that no living process does: job queues without a worker, the scheduler, and the listener for bookings."""

from __future__ import annotations

from datetime import timedelta
from math import inf

from clinic.health.facts import Facts
from clinic.health.truth import Book, Truth
from realtime.heartbeats import BOOKINGS, KEEP_MS, SCHEDULER, SILENT_SECONDS

# What waits meanwhile, in the order of what is worse: the sentence's end, and what patients notice.
EFFECTS: dict[str, tuple[str, str]] = {
    "integrations": (
        "messages to other systems wait, none lost",
        "Patients notice nothing. Visits reach other systems later, in order.",
    ),
    "ill": (
        "messages to systems that are ill wait, none lost",
        "Patients notice nothing. Visits reach those systems later, in order.",
    ),
    SCHEDULER: (
        "retries, closing time and alarms wait",
        "Patients notice nothing at first; visits are not closed at closing time.",
    ),
    BOOKINGS: (
        "schedules send again what was not acknowledged",
        "Patients notice nothing at first; who was booked meanwhile is not yet on the list.",
    ),
    "notices": ("screens run on our own path", "Patients notice nothing."),
    "default": ("mails and upkeep wait", "Patients notice nothing."),
    "low": ("mails and upkeep wait", "Patients notice nothing."),
}
# Of what is no job queue: how it is said alone, and beside others.
SAID = {
    SCHEDULER: ("The scheduler has not run", "no scheduler runs"),
    BOOKINGS: ("No listener takes bookings", "no listener takes bookings"),
}
# A task may take long; a listener is often alone, and begins again.
PATIENCE = {SCHEDULER: 30.0, BOOKINGS: 30.0}
# After so long, what nobody serves was given up on purpose: a job queue is missed again once a job waits in it.
LAPSES = {SCHEDULER: inf, BOOKINGS: 24 * 3600.0}


def truth(facts: Facts) -> Truth | None:
    """About the worst of what nobody does; what else is not done is named with it."""
    missed = [what for what in EFFECTS if _is_missed(what, facts)]
    if not missed:
        return None
    worst = missed[0]
    ends, patients = EFFECTS[worst]
    return Truth(f"{_who(missed)}{_since(worst, facts)}: {ends}", patients, Book.WORKERS, alarm=True)


def _who(missed: list[str]) -> str:
    others = [what for what in missed if what in SAID]
    queues = [what for what in missed if what not in SAID]
    names = " or ".join([", ".join(queues[:-1]), queues[-1]] if len(queues) > 1 else queues)
    first = f"No worker serves {names}" if queues else SAID[others.pop(0)][0]
    return first + "".join(f", and {SAID[what][1]}" for what in others) + ("," if others else "")


def _is_missed(what: str, facts: Facts) -> bool:
    """What was never served, or not for long, is missed while a job waits: no set-up needs every queue."""
    if facts.pulse is None or facts.queues is None:
        return False
    waits = what in facts.queues and facts.queues[what].depth > 0
    away = facts.pulse.served.get(what)
    if away is None:
        return waits and facts.pulse.known_for > SILENT_SECONDS
    return away > PATIENCE.get(what, SILENT_SECONDS) and (waits or away < LAPSES.get(what, KEEP_MS / 1000))


def _since(what: str, facts: Facts) -> str:
    away = facts.pulse.served.get(what) if facts.pulse else None
    return f" since {facts.now - timedelta(seconds=away):%H:%M} UTC" if away is not None else ""
