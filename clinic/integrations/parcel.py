"""What a sender is given, and how it says that it did not succeed."""

from __future__ import annotations

from dataclasses import dataclass, field

from clinic.models import Destination
from clinic.models.deliveries import Failure


class NotDelivered(Exception):
    """The other system did not take it; the text says why in plain words, without any patient data.

    `retry_after`: seconds for which it asked to be left alone. `most_tries`: given up after so many in all.
    """

    def __init__(
        self, failure: Failure, why: str, *, retry_after: float = 0.0, most_tries: int | None = None
    ) -> None:
        super().__init__(printable(why))
        self.failure, self.retry_after, self.most_tries = failure, retry_after, most_tries


@dataclass
class Parcel:
    """One attempt: all that a sender needs, without the database, which another thread may not see.

    `remote`: how the destination calls what it made of this visit; a sender adds what it learns, at once, so that
    it is kept even when the rest fails. `seconds`: how long the whole call may take.
    """

    key: str
    body: str
    destination: Destination
    seconds: float
    remote: dict[str, str] = field(default_factory=dict)


def printable(text: str) -> str:
    """In one line, without what a peer may have put in that no row or page takes: controls, halves of a pair."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
