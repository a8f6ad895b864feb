"""One sentence of truth."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

UNHARMED = "Patients notice nothing."


class Book(StrEnum):
    """A runbook in docs/ops/."""

    VENDOR = "vendor"
    REDIS = "redis"
    DATABASE = "database"
    EMR = "emr"
    SCREEN = "screen"
    KIOSK = "kiosk"
    WORKERS = "workers"
    AUDIT = "audit"


class Place(StrEnum):
    """Where on our pages a lever is pulled, or what it is about is seen."""

    ELSEWHERE = ""
    SWITCH = "switch"
    JOBS = "jobs"
    PROCESSES = "processes"
    DEVICE = "device"
    DESTINATION = "destination"


@dataclass(frozen=True)
class Lever:
    """The one thing that helps: `words`, to whoever is on call. `pk`: of the device or the destination.

    `label` and `query`: what the link to a destination's page says, and what it asks of that page.
    """

    words: str
    place: Place = Place.ELSEWHERE
    pk: int = 0
    label: str = ""
    query: str = ""


@dataclass(frozen=True)
class Truth:
    """`patients`: what it means for them. `alarm`: it needs a person now. `book`: what to do, at length."""

    sentence: str
    patients: str
    book: Book
    lever: Lever
    alarm: bool = False

    @property
    def runbook(self) -> str:
        return f"docs/ops/{self.book}.md"
