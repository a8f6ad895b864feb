"""What the staff of a clinic sees: what a clerk needs to find a person and to address them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from clinic import clock, parties
from clinic.ages import age_on, is_child
from clinic.calendar import ONE_DAY
from clinic.models import Clinic, Visit, VisitEvent
from clinic.presenters.questions import Question, question
from clinic.services import persons
from clinic.services.actors import name_of
from clinic.services.line import keeps_place
from clinic.services.moves import can_undo
from clinic.states import ENDED, ON_SITE, OPEN, State, Verb


@dataclass(frozen=True)
class DeskCard:
    """One visit as the staff of its clinic sees it; `waited` in whole minutes since the arrival.

    `family`: the tickets of all who came together and are here; `waiting_family` counts those who
    wait. `here_before`: how this person's last visit of the day ended, and when.
    """

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
    is_of_today: bool
    booking_missed: bool
    identity_checked: bool
    sequence: int
    last_by: str
    verbs: list[str]
    can_undo: bool
    is_child: bool
    answered_by: str
    keeps_place: bool
    family: list[str]
    waiting_family: int
    question: Question | None
    here_before: tuple[str, datetime] | None

    @property
    def buttons(self) -> list[tuple[str, str]]:
        """Each verb with the words on its button."""
        own = {str(Verb.KEEP): _("Still expected")} if self.state == State.EXPECTED else {}
        return [(name, str(own.get(name, Verb(name).label))) for name in self.verbs]


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
    def asked(self) -> list[DeskCard]:
        """Those of whom the desk is asked whether they are still here."""
        columns = (self.waiting, self.called, self.roomed, self.stepped_out, self.expected)
        return [card for column in columns for card in column if card.question]

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
    cards = _cards([*on_site, *expected, *done], now, today)
    return DeskBoard(
        **{str(state): [card for card in cards if card.state == state] for state in OPEN},
        done=[card for card in cards if card.state in ENDED],
        rooms=_rooms(clinic, on_site),
        alarms=_alarms(clinic),
    )


def minutes_since(moment: datetime | None, now: datetime) -> int:
    """Whole minutes, and never less than none: two servers' clocks may differ."""
    return max(0, int((now - moment).total_seconds() // 60)) if moment else 0


def _cards(visits: Sequence[Visit], now: datetime, today: date) -> list[DeskCard]:
    last, families = _last_events(visits), parties.together(visit for visit in visits if visit.state in ON_SITE)
    ended = persons.last_ended(visits, today)
    return [
        _desk_card(
            visit,
            last[visit.pk],
            now,
            today,
            families.get(visit.pk, []),
            ended.get(persons.key(visit)) if visit.state in ON_SITE else None,
        )
        for visit in visits
    ]


def _last_events(visits: Sequence[Visit]) -> dict[int, VisitEvent]:
    return VisitEvent.objects.select_related("user", "device").last_of(visits)


def _desk_card(
    visit: Visit, last: VisitEvent, now: datetime, today: date, family: list[Visit], before: Visit | None
) -> DeskCard:
    return DeskCard(
        public_id=visit.public_id,
        ticket=visit.ticket,
        state=visit.state,
        state_label=visit.get_state_display(),
        name=f"{visit.given_name} {visit.family_name}".strip(),
        age=age_on(visit.birth_date, visit.clinic.wall_date(now)),
        reason=visit.get_reason_display(),
        language=visit.language,
        lane=visit.lane,
        lane_label=visit.get_lane_display(),
        since=visit.arrived_at,
        waited=minutes_since(visit.arrived_at, now),
        room=visit.room.name if visit.room else "",
        calls=visit.calls,
        booked_for=visit.booked_for,
        is_of_today=visit.day == today,
        booking_missed=visit.booking_claimed and visit.booked_for is None,
        identity_checked=visit.identity_checked,
        sequence=last.sequence,
        last_by=f"{last.get_verb_display()}: {name_of(last)}",
        verbs=_verbs(visit, last),
        can_undo=can_undo(last, now),
        is_child=is_child(visit.birth_date, visit.clinic.wall_date(now)),
        answered_by=visit.answered_by,
        keeps_place=bool(
            visit.booked_for and visit.arrived_at and keeps_place(visit.clinic, visit.arrived_at, visit.booked_for)
        ),
        family=[one.ticket for one in family],
        waiting_family=sum(one.state == State.WAITING for one in family),
        question=question(visit.clinic, last),
        here_before=(before.get_state_display(), before.ended_at) if before and before.ended_at else None,
    )


def _verbs(visit: Visit, last: VisitEvent) -> list[str]:
    """The buttons of a card, the main one first."""
    shown: dict[str, list[Verb]] = {
        State.EXPECTED: [Verb.CHECK_IN, Verb.NO_SHOW, Verb.CANCEL],
        State.WAITING: [Verb.CALL, Verb.STEP_OUT, Verb.LEFT],
        State.CALLED: [Verb.ROOM, Verb.RECALL, Verb.RETURN, Verb.STEP_OUT, Verb.NO_SHOW, Verb.LEFT],
        State.STEPPED_OUT: [Verb.RETURN, Verb.LEFT],
        State.ROOMED: [Verb.DISCHARGE],
    }
    verbs = [Verb.KEEP] * (last.verb == Verb.ASK) + shown.get(visit.state, [])
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
