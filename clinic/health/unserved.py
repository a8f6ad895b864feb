"""Work that no living process does: job queues without a worker, and the scheduler."""

from __future__ import annotations

from datetime import timedelta

from clinic.health.facts import Facts
from clinic.health.truth import Book, Truth
from realtime.heartbeats import SCHEDULER, SILENT_SECONDS

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
    "notices": ("screens run on our own path", "Patients notice nothing."),
    "default": ("mails and upkeep wait", "Patients notice nothing."),
    "low": ("mails and upkeep wait", "Patients notice nothing."),
}
# Of a task that takes long the scheduler says nothing meanwhile.
PATIENCE = {SCHEDULER: 30.0}


def truth(facts: Facts) -> Truth | None:
    """About the worst of what nobody does; what else is not done is named with it."""
    missed = [what for what in EFFECTS if _is_missed(what, facts)]
    if not missed:
        return None
    worst = missed[0]
    ends, patients = EFFECTS[worst]
    return Truth(f"{_who(missed)}{_since(worst, facts)}: {ends}", patients, Book.WORKERS, alarm=True)


def _who(missed: list[str]) -> str:
    queues = [what for what in missed if what != SCHEDULER]
    if not queues:
        return "The scheduler has not run"
    names = " or ".join([", ".join(queues[:-1]), queues[-1]] if len(queues) > 1 else queues)
    return f"No worker serves {names}{', and no scheduler runs,' if SCHEDULER in missed else ''}"


def _is_missed(what: str, facts: Facts) -> bool:
    """What was never served is missed once something waits for it: not every set-up has every queue."""
    if facts.pulse is None or facts.queues is None:
        return False
    away = facts.pulse.served.get(what)
    if away is not None:
        return away > PATIENCE.get(what, SILENT_SECONDS)
    return what in facts.queues and facts.queues[what].depth > 0 and facts.pulse.known_for > SILENT_SECONDS


def _since(what: str, facts: Facts) -> str:
    away = facts.pulse.served.get(what) if facts.pulse else None
    return f" since {facts.now - timedelta(seconds=away):%H:%M} UTC" if away is not None else ""
