"""Other systems that take nothing, gave up on messages or fall behind; and those that are paused, or slow."""

from __future__ import annotations

from datetime import datetime

from clinic.health.facts import Facts
from clinic.health.truth import Book, Lever, Place, Truth
from clinic.integrations.troubles import (
    AWAY,
    BEHIND,
    FAILING,
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

LEVERS = {
    STOPPED: Lever("Ask its owner whether it is to have messages again, then resume.", label="Open its page"),
    AWAY: Lever("Tell its owner, and try it once they have mended it.", label="Try it now", query="?try=1"),
    FAILING: Lever("Read why on its page, and tell its owner.", label="See why", query="?state=pending"),
    GAVE_UP: Lever(
        "Read why; send them again once that is mended, or skip them.", label="See why", query="?state=dead"
    ),
    BEHIND: Lever("Several at once: our workers are too few, or Redis is ill.", label="Open its page"),
    PAUSED: Lever("Resume it when the reason is gone: what waits goes out in order.", label="Open its page"),
    SLOW: Lever("Nothing: it has workers of its own, so that no other waits for it.", label="Open its page"),
}
REACHES_LATER = "Patients notice nothing. Visits reach that system later, in order."


def in_trouble(facts: Facts) -> Truth | None:
    """About the one that needs somebody first; how many more do is told with it."""
    found = [one for one in facts.owed if needs_somebody(one, facts.now)]
    if not found:
        return None
    more = len(found) - 1
    others = f"; {more} more {'destination needs' if more == 1 else 'destinations need'} somebody" if more else ""
    said, lever = f"{_sentence(found[0], facts.now)}{others}", _lever(found[0], facts.now)
    return Truth(said, REACHES_LATER, Book.EMR, lever, alarm=True)


def worth_a_word(facts: Facts) -> Truth | None:
    """Paused, or slow: it needs nobody."""
    first = next(iter(facts.owed), None)
    if first is None or needs_somebody(first, facts.now) or first.state(facts.now) in (WELL, IDLE):
        return None
    return Truth(_sentence(first, facts.now), REACHES_LATER, Book.EMR, _lever(first, facts.now))


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
    kept = f"{messages(count)}, {'of' if count == 1 else 'the oldest of'} {moment(oldest, now)}"
    return f"gave up on {kept}: none lost"


def _lever(one: Standing, now: datetime) -> Lever:
    """As on its own page, where it is pulled."""
    its_state = one.state(now)
    told = LEVERS[GAVE_UP if its_state == PAUSED and one.owed.given_up else its_state]
    return Lever(told.words, Place.DESTINATION, one.destination.pk, told.label, told.query)
