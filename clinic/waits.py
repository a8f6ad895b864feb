"""The wait that a patient is told of."""

from __future__ import annotations

from dataclasses import dataclass

from clinic.models import Visit


@dataclass(frozen=True)
class WaitRange:
    """From `low` to `high` minutes. `is_paused`: nobody was called for so long that no figure is honest now."""

    low: int
    high: int
    is_paused: bool = False


def range_for(visit: Visit) -> WaitRange | None:
    """How long a patient who waits will wait from now; None while nothing honest can be said."""
    return None
