"""A visit in the plain model: what it is, and what each verb does to it, in values of Python alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from clinic.services import Actor
from clinic.states import ENDED, ON_SITE, Lane, State, Verb

HEAD_START = {Lane.IMMEDIATE: 1440, Lane.PRIORITY: 45, Lane.QUICK: 15, Lane.STANDARD: 0}
LATE = timedelta(minutes=60)
# What an undo brings back.
TAKEN_BACK = [
    "state",
    "lane",
    "order_key",
    "room_id",
    "calls",
    "called_at",
    "stepped_out_at",
    "roomed_at",
    "ended_at",
    "identity_checked",
    "not_before",
]


@dataclass(frozen=True)
class Person:
    """`key`: what all writings of this name have in common."""

    given_name: str
    family_name: str
    birth_date: date
    key: tuple[str, str]

    @property
    def identity(self) -> tuple[str, str, date]:
        return (*self.key, self.birth_date)


@dataclass
class Step:
    """One event as the history must tell it."""

    verb: Verb
    from_state: str
    to_state: str
    at: datetime
    by: Actor
    key: UUID | None
    before: dict[str, Any]
    serial: int = field(default_factory=count().__next__)


@dataclass(eq=False)
class Stay:
    """One visit, with the names of the fields of `clinic.models.Visit`. `pk` comes from the database."""

    person: Person
    state: str = ""
    pk: int = 0
    public_id: UUID | None = None
    idempotency_key: UUID | None = None
    lane: str = Lane.STANDARD
    day: date | None = None
    day_number: int | None = None
    ticket: str = ""
    order_key: datetime | None = None
    booking_claimed: bool = False
    identity_checked: bool = False
    party: Stay | None = None
    room_id: int | None = None
    calls: int = 0
    booked_for: datetime | None = None
    arrived_at: datetime | None = None
    called_at: datetime | None = None
    stepped_out_at: datetime | None = None
    roomed_at: datetime | None = None
    ended_at: datetime | None = None
    not_before: datetime | None = None
    history: list[Step] = field(default_factory=list)

    @property
    def party_id(self) -> int | None:
        return self.party.pk if self.party else None

    @property
    def last(self) -> Step:
        return self.history[-1]

    @property
    def is_here(self) -> bool:
        return self.state in ON_SITE

    def time(self, now: datetime) -> datetime:
        """When the next event is: history never runs backwards."""
        return max(now, self.last.at) if self.history else now

    def place(self, lane: str) -> datetime:
        """The place in line in a lane: of the booked time for one who came in time for it, else of the arrival."""
        assert self.arrived_at
        since = self.arrived_at
        if self.booked_for and self.booked_for <= self.arrived_at <= self.booked_for + LATE:
            since = self.booked_for
        return since - timedelta(minutes=HEAD_START[Lane(lane)])

    def change(self, verb: Verb, by: Actor, at: datetime, key: UUID | None = None, **values: Any) -> None:
        """One event: the new values, and the history of them."""
        before = {name: getattr(self, name) for name in TAKEN_BACK}
        was = self.state
        for name, value in values.items():
            setattr(self, name, value)
        self.history.append(Step(verb, was, self.state, at, by, key, before))


Given = dict[str, Any]
Effect = Callable[[Stay, datetime, Given], dict[str, Any]]


def _nothing(stay: Stay, at: datetime, given: Given) -> dict[str, Any]:
    return {}


def _called(stay: Stay, at: datetime, given: Given) -> dict[str, Any]:
    return {"called_at": at, "calls": stay.calls + 1, "room_id": given["room"].pk, "not_before": None}


def _called_again(stay: Stay, at: datetime, given: Given) -> dict[str, Any]:
    return {"called_at": at, "calls": stay.calls + 1}


def _roomed(stay: Stay, at: datetime, given: Given) -> dict[str, Any]:
    room = given.get("room")
    return {"roomed_at": at, "room_id": room.pk if room else stay.room_id}


def _moved(stay: Stay, at: datetime, given: Given) -> dict[str, Any]:
    return {"lane": given["lane"], "order_key": stay.place(given["lane"])}


# Each verb that `move` takes. One that is not here has not been thought of: a test says so.
EFFECTS: dict[Verb, Effect] = {
    Verb.CALL: _called,
    Verb.RECALL: _called_again,
    Verb.STEP_OUT: lambda stay, at, given: {"stepped_out_at": at, "room_id": None},
    Verb.RETURN: lambda stay, at, given: {"room_id": None},
    Verb.ROOM: _roomed,
    Verb.DISCHARGE: _nothing,
    Verb.LEFT: _nothing,
    Verb.NO_SHOW: _nothing,
    Verb.CANCEL: _nothing,
    Verb.ENTER_IN_ERROR: _nothing,
    Verb.CONFIRM: lambda stay, at, given: {"identity_checked": True},
    Verb.MOVE: _moved,
    Verb.MORE_TIME: lambda stay, at, given: {"not_before": at + timedelta(minutes=10), "room_id": None},
    Verb.ASK: _nothing,
    Verb.KEEP: _nothing,
}
NEEDS: dict[Verb, str] = {Verb.CALL: "room", Verb.MOVE: "lane", Verb.ENTER_IN_ERROR: "reason"}


def effect(verb: Verb, to_state: State, stay: Stay, at: datetime, given: Given) -> dict[str, Any]:
    """All that a legal move changes."""
    ended = {"ended_at": at} if to_state in ENDED else {}
    return {"state": to_state, **ended, **EFFECTS[verb](stay, at, given)}
