"""What the desk is asked at closing time and at the day's end: is this patient still here?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from clinic.models import Clinic, VisitEvent
from clinic.states import Verb


@dataclass(frozen=True)
class Question:
    """A question that nobody has answered yet. `closes_at`: when the visit is closed then; None for never."""

    at: datetime
    closes_at: datetime | None


def question(clinic: Clinic, last: VisitEvent) -> Question | None:
    """What is asked about a visit, by its last event."""
    if last.verb != Verb.ASK:
        return None
    minutes = clinic.close_after_minutes
    return Question(last.at, None if minutes is None else last.at + timedelta(minutes=minutes))
