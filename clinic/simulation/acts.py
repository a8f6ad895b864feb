"""What somebody does in a simulated clinic, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from clinic.simulation.people import Person
from clinic.states import Lane, Verb


@dataclass(frozen=True)
class Act:
    """One thing that somebody does in the clinic of this number.

    `visit` is whom it is done to; a call without one is for the next in line. `people` are those who check in, or
    who are booked `booked_in` seconds from now. `clerk` is the number of the member of staff, None for a kiosk.
    `room` is the number of the room called to. `seen` is the visit's last event that an undo is meant for.
    `tidies`: this was forgotten, and is put right now.
    """

    clinic: int
    verb: Verb
    visit: UUID | None = None
    people: tuple[Person, ...] = ()
    clerk: int | None = None
    room: int = 0
    lane: Lane = Lane.STANDARD
    booked_in: float = 0.0
    claims_booking: bool = False
    together: bool = False
    key: UUID | None = None
    seen: int | None = None
    tidies: bool = False


class Word(StrEnum):
    """How an act ended: it was done, it is not possible, or somebody else was first."""

    DONE = "done"
    REFUSED = "refused"
    LATE = "late"


@dataclass(frozen=True)
class Outcome:
    """`visits` are those it was done to, `sequences` the numbers of their new events where it made some."""

    word: Word
    visits: tuple[UUID, ...] = ()
    sequences: tuple[int, ...] = ()

    @property
    def is_done(self) -> bool:
        return self.word == Word.DONE


@dataclass(frozen=True)
class Done:
    """An act that was performed, `at` so many simulated seconds from the start."""

    at: float
    act: Act
    outcome: Outcome


Performer = Callable[[Act, float], Outcome]
"""Makes an act real, at so many simulated seconds from the start."""
