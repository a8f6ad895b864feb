"""Work that no living process does: job queues without a worker, the scheduler, and the listener for bookings."""

from __future__ import annotations

from datetime import timedelta

from clinic.health.facts import Facts
from clinic.health.truth import Book, Lever, Place, Truth
from clinic.moments import moment
from realtime.heartbeats import BOOKINGS, KEEP_MS, SCHEDULER
from realtime.pulse import SILENT_SECONDS

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
LEVER = Lever("Start what is missing, on its machine: systemctl start evenkeel.target", Place.PROCESSES)
# Of what is no job queue: how it is said alone, and beside others.
SAID = {
    SCHEDULER: ("The scheduler has not run", "no scheduler runs"),
    BOOKINGS: ("No listener takes bookings", "no listener takes bookings"),
}
# A task may take long; a listener is often alone, and begins again.
PATIENCE = {SCHEDULER: 30.0, BOOKINGS: 30.0}
# Of what was never served: all may just have begun, or Redis lost its memory.
FIRST_PATIENCE = 30.0
# After so long, what nobody serves was given up on purpose: a job queue is missed again once a job waits in it.
LAPSES = {BOOKINGS: 24 * 3600.0}


def truth(facts: Facts) -> Truth | None:
    """About the worst of what nobody does; what else is not done is named with it."""
    missed = [what for what in EFFECTS if is_missed(what, facts)]
    if not missed:
        return None
    ends, patients = EFFECTS[missed[0]]
    who, since = _who(missed), _since(missed[0], facts)
    comma = "," if since and ", and " in who else ""
    return Truth(f"{who}{comma}{since}: {ends}", patients, Book.WORKERS, LEVER, alarm=True)


def _who(missed: list[str]) -> str:
    others = [what for what in missed if what in SAID]
    queues = [what for what in missed if what not in SAID]
    names = " or ".join([", ".join(queues[:-1]), queues[-1]] if len(queues) > 1 else queues)
    first = f"No worker serves {names}" if queues else SAID[others.pop(0)][0]
    return first + "".join(f", and {SAID[what][1]}" for what in others)


def is_missed(what: str, facts: Facts) -> bool:
    """What was never served, or not for long, is missed while it is needed: no set-up needs every queue."""
    pulse = facts.pulse
    if pulse is None or facts.queues is None or facts.refusal:
        return False
    waits = what in facts.queues and facts.queues[what].depth > 0
    # Nobody gives up all workers on purpose, nor the scheduler.
    is_needed = waits or what == SCHEDULER or (what in facts.queues and not pulse.has_workers)
    away = pulse.served.get(what)
    if away is None:
        return is_needed and pulse.known_for > (SILENT_SECONDS if waits else FIRST_PATIENCE)
    return away > PATIENCE.get(what, SILENT_SECONDS) and (is_needed or away < LAPSES.get(what, KEEP_MS / 1000))


def _since(what: str, facts: Facts) -> str:
    away = facts.pulse.served.get(what) if facts.pulse else None
    return f" since {moment(facts.now - timedelta(seconds=away), facts.now)}" if away is not None else ""
