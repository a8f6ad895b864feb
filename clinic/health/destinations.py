"""Other systems that take nothing, gave up on messages or fall behind; and those that are paused, or slow."""

from __future__ import annotations

from datetime import datetime

from clinic.health.facts import Facts
from clinic.health.truth import Book, Truth
from clinic.integrations.troubles import (
    BEHIND,
    GAVE_UP,
    IDLE,
    PAUSED,
    SLOW,
    STOPPED,
    WELL,
    Standing,
    messages,
    waiting,
)
from clinic.moments import moment

REACHES_LATER = "Patients notice nothing. Visits reach that system later, in order."


def in_trouble(facts: Facts) -> Truth | None:
    """About the one that needs somebody first; how many more do is told with it."""
    found = [one for one in facts.owed if needs_somebody(one, facts.now)]
    if not found:
        return None
    more = len(found) - 1
    others = f"; {more} more {'destination needs' if more == 1 else 'destinations need'} somebody" if more else ""
    return Truth(f"{_sentence(found[0], facts.now)}{others}", REACHES_LATER, Book.EMR, alarm=True)


def worth_a_word(facts: Facts) -> Truth | None:
    """Paused, or slow: it needs nobody."""
    first = next(iter(facts.owed), None)
    if first is None or needs_somebody(first, facts.now) or first.state(facts.now) in (WELL, IDLE):
        return None
    return Truth(_sentence(first, facts.now), REACHES_LATER, Book.EMR)


def needs_somebody(one: Standing, now: datetime) -> bool:
    """One that is behind is for the engineer on call too: our own workers may be why."""
    return not one.urgency(now).needs_nobody or one.state(now) == BEHIND


def _sentence(one: Standing, now: datetime) -> str:
    """With its clinic: many have an EMR of the same name."""
    name, its_state = f"{one.destination.name} at {one.destination.clinic.name}", one.state(now)
    if its_state == GAVE_UP or (its_state == PAUSED and one.owed.given_up):
        return f"{name} {_gave_up(one, now)}"
    said = {STOPPED: "asked for no more messages, and was paused", PAUSED: "is paused", SLOW: "is slow"}
    return f"{name} {said.get(its_state) or one.words(now)}: {waiting(one.owed.waiting)}"


def _gave_up(one: Standing, now: datetime) -> str:
    count, oldest = one.owed.given_up, one.owed.oldest_given_up or now
    of, them = ("of", "it") if count == 1 else ("the oldest of", "them")
    kept = f"{messages(count)}, {of} {moment(oldest, now)}"
    return f"gave up on {kept}: none lost, send {them} again or skip {them} on its page"
