"""What is quoted at a check-in: ours, and two ways that others use, to be measured against."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from clinic.estimates import core
from clinic.estimates.rows import Known

# A visit's length that somebody once configured, shared by the rooms.
MINUTES_A_HEAD = 20.0
LAST_WAITS = 5


@dataclass(frozen=True)
class Quote:
    """The likely wait, and what the patient is told at most, in minutes."""

    likely: float
    most: float


@dataclass(frozen=True)
class Moment:
    """What is known when somebody checks in. `waits`: those of their lane that ended in the last two hours."""

    known: Known
    waits: Sequence[float]
    rooms: int

    @property
    def is_paused(self) -> bool:
        """Whether nothing is promised only because nobody has been called for long."""
        return self.known.history is not None and core.is_paused(self.known.recent)


def constant(now: Moment) -> Quote:
    """So many minutes for each who is ahead, whatever happens."""
    minutes = (now.known.line.ahead + len(now.known.line.deferred)) * MINUTES_A_HEAD / max(1, now.rooms)
    return Quote(minutes, core.up(minutes))


def rolling(now: Moment) -> Quote:
    """The median of the last five waits that ended: the best of the moving averages that are in use."""
    minutes = median(now.waits[-LAST_WAITS:]) if now.waits else 0.0
    return Quote(minutes, core.up(minutes))


def ours(now: Moment) -> Quote | None:
    """None where nothing is promised: the clinic's past is too short, or nobody has been called for long."""
    found = core.forecast(*now.known)
    if found is None or found.is_paused or now.known.history is None:
        return None
    spread = core.wait(now.known.line, now.known.recent, now.known.history)
    return Quote(spread.likely, found.high)


WAYS: dict[str, Callable[[Moment], Quote | None]] = {"constant": constant, "rolling median": rolling, "ours": ours}
