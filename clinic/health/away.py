"""The database does not answer: all that can be said then, from memory."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from clinic.health.truth import Book, Truth

EFFECT = "Patients cannot check in by the kiosks: take names on paper. Screens show their last state, and its age."


class Absence:
    """Since when this process has got no answer from the database. By the machine's clock."""

    def __init__(self) -> None:
        self.since: datetime | None = None

    def noticed(self) -> Truth:
        """What is true now, when an answer has just failed to come."""
        self.since = self.since or timezone.now()
        said = f"The database does not answer since {self.since:%H:%M} UTC: nobody can check in"
        return Truth(said, EFFECT, Book.DATABASE, alarm=True)

    def over(self) -> None:
        self.since = None


absence = Absence()
