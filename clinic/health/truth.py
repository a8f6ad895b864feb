"""One sentence of truth."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Truth:
    """`patients`: what it means for them. `alarm`: it needs a person now. `book`: of docs/ops/, by its name."""

    sentence: str
    patients: str
    book: str
    alarm: bool = False

    @property
    def runbook(self) -> str:
        return f"docs/ops/{self.book}.md"
