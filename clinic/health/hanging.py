"""A process that hangs while others do its work: nobody is harmed, and it will not come back by itself."""

from __future__ import annotations

from datetime import timedelta

from clinic.health.facts import Facts
from clinic.health.truth import UNHARMED, Book, Lever, Place, Truth
from clinic.spans import span
from realtime.heartbeats import PAGES
from realtime.pulse import Beat

# Until its proxy leaves out the one that does not answer.
OF_PAGES = "Patients may wait some seconds for a page, which another web process then makes."


def truth(facts: Facts) -> Truth | None:
    """About the one that has hung longest; how many more is told with it."""
    found = facts.pulse.hanging if facts.pulse else ()
    if not found:
        return None
    name, more = found[0].name, len(found) - 1
    others = f"; {more} more {'hangs' if more == 1 else 'hang'}" if more else ""
    said = f"{name[0].upper()}{name[1:]}, {how(found[0])}: others do its work{others}"
    patients = OF_PAGES if any(PAGES in one.serves for one in found) else UNHARMED
    return Truth(said, patients, Book.WORKERS, Lever(f"{kill(found[0])}.", Place.PROCESSES))


def kill(one: Beat) -> str:
    return f"On {one.host}: kill -9 {one.pid}. It is started again"


def how(one: Beat) -> str:
    """By what one sees that it hangs."""
    if not one.is_silent:
        return f"at {one.doing} for {span(timedelta(seconds=one.doing_seconds))}"
    last = f", last at {one.doing}" if one.doing else ""
    return f"not heard for {span(timedelta(seconds=one.age))}{last}"
