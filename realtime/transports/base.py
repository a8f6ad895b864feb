"""What every transport of notices promises."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True)
class Notice:
    """A doorbell: this topic has reached this version. Never more than that."""

    topic: str
    version: int


@dataclass(frozen=True)
class Outcome:
    """`confirmed`: names of the topics that the other side took, one by one. `problem`: in words, or empty.

    `is_ours`: the problem says nothing of the other side, which was not asked, or not to the end.
    """

    confirmed: frozenset[str] = field(default_factory=frozenset)
    problem: str = ""
    is_ours: bool = False


class Transport(Protocol):
    """Sends notices once. It never raises and never retries: what is not confirmed goes another way."""

    def send(self, notices: Sequence[Notice]) -> Outcome: ...
