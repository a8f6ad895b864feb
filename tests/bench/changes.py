"""What is changed, when, and what came of it: plain values that pass between processes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Seeded:
    """A clinic: its topic, and the cookie of the monitor that is paired with it."""

    topic: str
    cookie: str


@dataclass(frozen=True)
class Change:
    """`place`: which clinic. `mark`: what must stand on its screens. `at`: monotonic seconds of the commit."""

    place: int
    mark: str
    at: float


Schedule = Sequence[tuple[float, int]]
"""When, in seconds from the start, and at which clinic."""

# Of a stay: arrival, call, identity, room, discharge.
EVENTS = 5
# To a destination of each kind; HL7 has no message for a call.
OWED_BY_A_VISIT = 3 * EVENTS - 1
# Where the bare floor listens, and the group of the rival's consumers.
CHANNEL, GROUP = "bench:bare", "crowd"
