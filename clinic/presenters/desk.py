"""What the staff of a clinic sees: the columns of the front desk, its rooms and its alarms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from clinic import clock
from clinic.calendar import ONE_DAY
from clinic.models import Clinic, Visit
from clinic.presenters.cards import DeskCard, cards
from clinic.states import ENDED, OPEN, State


@dataclass(frozen=True)
class HelpAlarm:
    """Somebody at a kiosk needs a person."""

    pk: int
    where: str
    at: datetime


@dataclass(frozen=True)
class RoomChoice:
    """A room to call to; `is_taken` when somebody is in it or called to it."""

    pk: int
    name: str
    is_taken: bool


@dataclass(frozen=True)
class DeskBoard:
    """The front desk: columns of cards, the rooms to call to, the alarms to answer."""

    waiting: list[DeskCard] = field(default_factory=list)
    called: list[DeskCard] = field(default_factory=list)
    stepped_out: list[DeskCard] = field(default_factory=list)
    roomed: list[DeskCard] = field(default_factory=list)
    expected: list[DeskCard] = field(default_factory=list)
    done: list[DeskCard] = field(default_factory=list)
    rooms: list[RoomChoice] = field(default_factory=list)
    alarms: list[HelpAlarm] = field(default_factory=list)

    @property
    def cards(self) -> list[DeskCard]:
        """All of them, as they stand on the page."""
        columns = (self.waiting, self.called, self.roomed, self.stepped_out, self.expected, self.done)
        return [card for column in columns for card in column]

    def found(self, words: str) -> set[UUID]:
        """Those that a search finds: all, for no words."""
        return {card.public_id for card in self.cards if card.is_found(words)}

    @property
    def asked(self) -> list[DeskCard]:
        """Those of whom the desk is asked whether they are still here."""
        return [card for card in self.cards if card.question]

    @property
    def next_up(self) -> DeskCard | None:
        """Whom "Call next" calls: who asked for more time is passed over while it lasts."""
        return next((card for card in self.waiting if not card.needs_time), None)

    @property
    def longest(self) -> DeskCard | None:
        """The one who has waited longest of those in line."""
        return max(self.waiting, key=lambda card: card.waited, default=None)

    @property
    def free_rooms(self) -> str:
        """The free rooms' keys, as a form sends them back."""
        return ",".join(str(room.pk) for room in self.rooms if not room.is_taken)


def desk_board(clinic: Clinic) -> DeskBoard:
    """What the staff of one clinic sees: everybody on site, today's bookings, and who is done today.

    And, after today's, the bookings of days before that nobody has answered for.
    """
    visits, now = clinic.visits.select_related("room", "clinic"), clock.now()
    today = clinic.day(now)
    on_site = list(visits.on_site())
    expected = visits.filter(state=State.EXPECTED, day__lte=today).order_by("-day", "booked_for")
    recent = visits.filter(day__range=(today - ONE_DAY, today))
    ended_today = Q(day=today) | Q(ended_at__gte=clinic.day_starts(today))
    done = recent.filter(ended_today, state__in=ENDED).order_by("-ended_at")[:30]
    shown = cards(clinic, [*on_site, *expected, *done], now, today)
    return DeskBoard(
        **{str(state): [card for card in shown if card.state == state] for state in OPEN},
        done=[card for card in shown if card.state in ENDED],
        rooms=_rooms(clinic, on_site),
        alarms=help_alarms(clinic),
    )


def _rooms(clinic: Clinic, on_site: Sequence[Visit]) -> list[RoomChoice]:
    """The free ones first."""
    taken = {visit.room_id for visit in on_site if visit.state in (State.CALLED, State.ROOMED)}
    choices = [RoomChoice(room.pk, room.name, room.pk in taken) for room in clinic.rooms.all()]
    return sorted(choices, key=lambda choice: choice.is_taken)


def help_alarms(clinic: Clinic) -> list[HelpAlarm]:
    """Those to whom nobody goes yet."""
    untaken = clinic.help_requests.filter(taken_at=None).select_related("device")
    return [HelpAlarm(call.pk, call.device.name if call.device else "", call.at) for call in untaken]
