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


@dataclass(frozen=True)
class Truth:
    """`patients`: what it means for them. `alarm`: it needs a person now. `book`: what to do."""

    sentence: str
    patients: str
    book: Book
    alarm: bool = False

    @property
    def runbook(self) -> str:
        return f"docs/ops/{self.book}.md"
