"""The one place where a simulation sets the time that services see."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import datetime

from clinic import clock


def standing_at(moment: datetime) -> AbstractContextManager[None]:
    """Until its end the clinics' clock stands at `moment`."""
    return clock.override(lambda: moment)
