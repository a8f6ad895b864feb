"""Calls that end as they are written, and time that passes at once."""

from __future__ import annotations

from typing import Any

from realtime.breaker import LONGEST_MS, SLOW_SECONDS, STATE, Breaker
from realtime.dirty import LEASE, Dirty

# Of each letter: whether the call failed, and how long it took.
ENDS = {".": (False, 0.05), "x": (True, 0.05), "s": (False, SLOW_SECONDS), "X": (True, 1.0)}


def calls(guard: Breaker, fence: int, outcomes: str) -> None:
    """Records a call a letter."""
    for letter in outcomes:
        failed, seconds = ENDS[letter]
        guard.record(fence, failed=failed, seconds=seconds)


def hurry(guard: Breaker, milliseconds: int = 2 * LONGEST_MS) -> None:
    """So much time passes for an open breaker."""
    guard._client.hincrby(STATE, "until", -milliseconds)


def lapse(client: Any) -> int:
    """The lease's holder dies, and its lease lapses. The fencing number of who comes next."""
    client.delete(LEASE)
    return Dirty(client).take_lease()
