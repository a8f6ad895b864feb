"""The database does not answer: all that can be said then, from memory."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.utils import timezone

from clinic.health.truth import Book, Lever, Truth
from clinic.moments import moment
from realtime import look

EFFECT = "Patients cannot check in by the kiosks: take names on paper. Screens show their last state, and its age."

LEVER = Lever("See whether it runs and its disk has room, then restart it: all else connects again by itself.")


def _of_the_hub() -> datetime | None:
    """It looks each second, whoever reads a page: an outage of days ago is not taken for this one."""
    return look.answers.last


class Absence:
    """Since when this process has got no answer from the database. By the machine's clock.

    `last_answer`: when it last got one, as far as somebody knows.
    """

    def __init__(self, last_answer: Callable[[], datetime | None] = _of_the_hub) -> None:
        self.since: datetime | None = None
        self._last_answer = last_answer

    def noticed(self) -> Truth:
        """What is true now, when an answer has just failed to come."""
        answered, now = self._last_answer(), timezone.now()
        if self.since is None or (answered is not None and answered > self.since):
            self.since = answered or now
        said = f"The database does not answer since {moment(self.since, now)}: nobody can check in"
        return Truth(said, EFFECT, Book.DATABASE, LEVER, alarm=True)

    def over(self) -> None:
        self.since = None


absence = Absence()
