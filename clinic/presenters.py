"""What each audience may see: the one place that decides it, each from an allow-list of its own.

The wait-room screen gets tickets, rooms and, if the clinic chose so, a first name and last initial: nothing else.
The desk gets what a clerk needs to find and address a person. A board holds these objects and never a model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from django.db.models import Q

from clinic import clock
from clinic.models import Clinic, Visit, VisitEvent
from clinic.models.places import LabelStyle
from clinic.services.actors import name_of
from clinic.services.moves import can_undo
from clinic.states import ENDED, ON_SITE, OPEN, State, Verb


@dataclass(frozen=True)
class MonitorRow:
    """One patient as the whole room may see them."""

    ticket: str
    state: str
    label: str
    room: str
    calls: int


@dataclass(frozen=True)
class MonitorBoard:
    """The wait-room screen: called, latest first; then waiting, in order."""

    called: list[MonitorRow]
    waiting: list[MonitorRow]

    @property
    def places(self) -> int:
        """How many waiting rows the screen has room for: names take more of it than tickets."""
        return 28 if any(row.label for row in self.waiting) else 42

    @property
    def more(self) -> int:
        """How many wait beyond those places."""
        return max(0, len(self.waiting) - self.places)


@dataclass(frozen=True)
class DeskCard:
    """One visit as the staff of its clinic sees it; `waited` in whole minutes since the arrival."""

    public_id: UUID
    ticket: str
    state: str
    state_label: str
    name: str
    age: int
    reason: str
    language: str
    lane: str
    lane_label: str
    since: datetime | None
    waited: int
    room: str
    calls: int
    booked_for: datetime | None
    booking_missed: bool
    identity_checked: bool
    sequence: int
    last_by: str
    verbs: list[str]
    can_undo: bool

    @property
    def buttons(self) -> list[tuple[str, str]]:
        """Each verb with the words on its button."""
        return [(name, str(Verb(name).label)) for name in self.verbs]


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
    def free_rooms(self) -> str:
        """The free rooms' keys, as a form sends them back."""
        return ",".join(str(room.pk) for room in self.rooms if not room.is_taken)


def monitor_board(clinic: Clinic) -> MonitorBoard:
    """What everybody in the room may read. Two queries."""
    visits = clinic.visits.select_related("room")
    return MonitorBoard(
        called=[_monitor_row(clinic, visit) for visit in visits.called()],
        waiting=[_monitor_row(clinic, visit) for visit in visits.in_line()],
    )


def _monitor_row(clinic: Clinic, visit: Visit) -> MonitorRow:
    return MonitorRow(
        ticket=visit.ticket,
        state=visit.state,
        label=public_label(clinic, visit),
        room=visit.room.name if visit.room and visit.state == State.CALLED else "",
        calls=visit.calls,
    )


def public_label(clinic: Clinic, visit: Visit) -> str:
    """What may stand beside a ticket in public: nothing, unless the clinic chose first names."""
    if clinic.label_style != LabelStyle.FIRST_NAME:
        return ""
    given, initial = visit.given_name.split(), visit.family_name.strip()[:1]
    if not given:
        return ""
    return f"{given[0]} {initial}." if initial else given[0]


def desk_board(clinic: Clinic) -> DeskBoard:
    """What the staff of one clinic sees: everybody on site, today's bookings, and who is done today."""
    visits, now = clinic.visits.select_related("room"), clock.now()
    today = clinic.day(now)
    on_site = list(visits.on_site())
    expected = visits.filter(state=State.EXPECTED, day=today).order_by("booked_for")
    done = visits.filter(state__in=ENDED, day=today).order_by("-ended_at")[:30]
    cards = _cards([*on_site, *expected, *done], now, today)
    return DeskBoard(
        **{str(state): [card for card in cards if card.state == state] for state in OPEN},
        done=[card for card in cards if card.state in ENDED],
        rooms=_rooms(clinic, on_site),
        alarms=_alarms(clinic),
    )


def people_ahead(visit: Visit) -> int:
    """How many are to be called before this one."""
    if visit.order_key is None:
        return 0
    before = Q(order_key__lt=visit.order_key) | Q(order_key=visit.order_key, pk__lt=visit.pk)
    return visit.clinic.visits.in_line().filter(before).count()


def minutes_since(moment: datetime | None, now: datetime) -> int:
    """Whole minutes, and never less than none: two servers' clocks may differ."""
    return max(0, int((now - moment).total_seconds() // 60)) if moment else 0


def age_on(birth_date: date, day: date) -> int:
    """Whole years."""
    return day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))


def _cards(visits: Sequence[Visit], now: datetime, today: date) -> list[DeskCard]:
    last = _last_events(visits)
    return [_desk_card(visit, last[visit.pk], now, today) for visit in visits]


def _last_events(visits: Sequence[Visit]) -> dict[int, VisitEvent]:
    return VisitEvent.objects.select_related("user", "device").last_of(visits)


def _desk_card(visit: Visit, last: VisitEvent, now: datetime, today: date) -> DeskCard:
    return DeskCard(
        public_id=visit.public_id,
        ticket=visit.ticket,
        state=visit.state,
        state_label=visit.get_state_display(),
        name=f"{visit.given_name} {visit.family_name}".strip(),
        age=age_on(visit.birth_date, today),
        reason=visit.get_reason_display(),
        language=visit.language,
        lane=visit.lane,
        lane_label=visit.get_lane_display(),
        since=visit.arrived_at,
        waited=minutes_since(visit.arrived_at, now),
        room=visit.room.name if visit.room else "",
        calls=visit.calls,
        booked_for=visit.booked_for,
        booking_missed=visit.booking_claimed and visit.booked_for is None,
        identity_checked=visit.identity_checked,
        sequence=last.sequence,
        last_by=f"{last.get_verb_display()}: {name_of(last)}",
        verbs=_verbs(visit),
        can_undo=can_undo(last, now),
    )


def _verbs(visit: Visit) -> list[str]:
    """The buttons of a card, the main one first."""
    shown: dict[str, list[Verb]] = {
        State.EXPECTED: [Verb.CHECK_IN, Verb.NO_SHOW, Verb.CANCEL],
        State.WAITING: [Verb.CALL, Verb.STEP_OUT, Verb.LEFT],
        State.CALLED: [Verb.ROOM, Verb.RECALL, Verb.RETURN, Verb.STEP_OUT, Verb.NO_SHOW, Verb.LEFT],
        State.STEPPED_OUT: [Verb.RETURN, Verb.LEFT],
        State.ROOMED: [Verb.DISCHARGE],
    }
    verbs = shown.get(visit.state, [])
    confirm = [Verb.CONFIRM] if visit.state in ON_SITE and not visit.identity_checked else []
    return [str(verb) for verb in verbs + confirm]


def _rooms(clinic: Clinic, on_site: Sequence[Visit]) -> list[RoomChoice]:
    """The free ones first."""
    taken = {visit.room_id for visit in on_site if visit.state in (State.CALLED, State.ROOMED)}
    choices = [RoomChoice(room.pk, room.name, room.pk in taken) for room in clinic.rooms.all()]
    return sorted(choices, key=lambda choice: choice.is_taken)


def _alarms(clinic: Clinic) -> list[HelpAlarm]:
    untaken = clinic.help_requests.filter(taken_at=None).select_related("device")
    return [HelpAlarm(call.pk, call.device.name if call.device else "", call.at) for call in untaken]
