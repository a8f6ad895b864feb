"""What a room full of people may see, and those in front of a kiosk: tickets, rooms, and first names by choice."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from django.db.models import Q

from clinic import screen_sizes
from clinic.models import Clinic, Device, Visit
from clinic.models.places import LabelStyle
from clinic.screen_sizes import TypeSize
from clinic.states import State


@dataclass(frozen=True)
class MonitorRow:
    """One patient as the whole room may see them. `called_ms`: since 1970; 0 for those who wait.

    `language`: of those called, in which the screen speaks to them.
    """

    ticket: str
    state: str
    label: str
    room: str
    calls: int
    called_ms: int = 0
    language: str = ""

    @property
    def spelled(self) -> str:
        """The ticket as a voice says it: each letter and digit by itself."""
        return ", ".join(self.ticket)


@dataclass(frozen=True)
class Shown:
    """What one screen shows, and how: its set-up. `rooms`: calls to these alone; none: to all."""

    rooms: tuple[int, ...] = ()
    type: TypeSize = screen_sizes.ANY
    volume: int = 60
    speaks: bool = True

    @property
    def variant(self) -> str:
        """The same for all screens that show the same."""
        type_ = f"{self.type.called_row:.2f}-{self.type.next_row:.2f}"
        return f"monitor-{'.'.join(map(str, self.rooms))}-{type_}-{self.volume}-{self.speaks:d}"


# A screen that nobody has set up.
EVERYTHING = Shown()


@dataclass(frozen=True)
class MonitorBoard:
    """The wait-room screen: called, latest first; then waiting, in order."""

    called: list[MonitorRow]
    waiting: list[MonitorRow]
    shown: Shown = EVERYTHING

    @property
    def places(self) -> int:
        """How many waiting rows the screen has room for: names take more of it than tickets."""
        return self.shown.type.next_places(with_names=any(row.label for row in self.waiting))

    @property
    def more(self) -> int:
        """How many wait beyond those places."""
        return max(0, len(self.waiting) - self.places)

    @property
    def more_called(self) -> int:
        """How many are called beyond the rows that can be read from everywhere."""
        return max(0, len(self.called) - self.shown.type.called_rows)


@dataclass(frozen=True)
class KioskTicket:
    """What a kiosk tells one of those in front of it; the name only to tell several apart."""

    ticket: str
    name: str
    state: str
    room: str


@dataclass(frozen=True)
class PartyTickets:
    """The last page of a check-in. `ahead`: before the first of them who waits; None when none of them waits.

    `wait`: from how many minutes to how many, as it was promised to that first one; None where nothing was.
    `says_booked`: as they said, whatever was found; `late_minutes`: the clinic's allowance.
    """

    tickets: list[KioskTicket]
    ahead: int | None
    wait: tuple[int, int] | None
    says_booked: bool
    late_minutes: int


def shown_on(device: Device) -> Shown:
    """What this screen was set up to show. One query."""
    return Shown(
        rooms=tuple(device.rooms.order_by("pk").values_list("pk", flat=True)),
        type=screen_sizes.type_for(
            *(float(number) if number else None for number in (device.screen_inches, device.seat_metres))
        ),
        volume=device.volume,
        speaks=device.speaks,
    )


def monitor_board(clinic: Clinic, shown: Shown = Shown()) -> MonitorBoard:
    """What everybody in the room may read. Two queries."""
    visits = clinic.visits.select_related("room")
    called = visits.called().filter(room__in=shown.rooms) if shown.rooms else visits.called()
    return MonitorBoard(
        called=[_monitor_row(clinic, visit) for visit in called],
        waiting=[_monitor_row(clinic, visit) for visit in visits.in_line()],
        shown=shown,
    )


def _monitor_row(clinic: Clinic, visit: Visit) -> MonitorRow:
    row = MonitorRow(visit.ticket, visit.state, public_label(clinic, visit), room="", calls=visit.calls)
    if visit.state != State.CALLED or not visit.room or not visit.called_at:
        return row
    called_ms = int(visit.called_at.timestamp() * 1000)
    return replace(row, room=visit.room.name, called_ms=called_ms, language=visit.language)


def public_label(clinic: Clinic, visit: Visit) -> str:
    """What may stand beside a ticket in public: nothing, unless the clinic chose first names."""
    if clinic.label_style != LabelStyle.FIRST_NAME:
        return ""
    given, initial = visit.given_name.split(), visit.family_name.strip()[:1]
    if not given:
        return ""
    return f"{given[0]} {initial}." if initial else given[0]


def party_tickets(visits: Sequence[Visit], said: Mapping[str, str], made: Collection[Visit]) -> PartyTickets:
    """What a kiosk shows to those who have just checked in, at least one: all of one clinic.

    `said`: by public id, the name that was given there. A booking's own name is not for whoever stands there.
    `made`: those that this check-in has made; to others a wait was promised earlier, or nothing.
    """
    several = len(visits) > 1
    in_line = sorted(
        (visit for visit in visits if visit.state == State.WAITING), key=lambda one: (one.order_key, one.pk)
    )
    return PartyTickets(
        tickets=[
            KioskTicket(
                ticket=visit.ticket,
                name=said.get(str(visit.public_id), "") if several else "",
                state=visit.state,
                room=visit.room.name if visit.room else "",
            )
            for visit in visits
        ],
        ahead=people_ahead(in_line[0]) if in_line else None,
        wait=_promised(in_line[0]) if in_line and in_line[0] in made else None,
        says_booked=any(visit.booking_claimed for visit in visits),
        late_minutes=visits[0].clinic.late_minutes,
    )


def _promised(visit: Visit) -> tuple[int, int] | None:
    if visit.promised_from is None or visit.promised_to is None:
        return None
    return visit.promised_from, visit.promised_to


def people_ahead(visit: Visit) -> int:
    """How many are to be called before this one."""
    if visit.order_key is None:
        return 0
    before = Q(order_key__lt=visit.order_key) | Q(order_key=visit.order_key, pk__lt=visit.pk)
    return visit.clinic.visits.in_line().filter(before).count()
