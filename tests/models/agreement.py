"""Whether the database, and what each screen shows of it, are what the plain model says."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from clinic import presenters, states
from clinic.models import Clinic, Delivery, Visit, VisitEvent
from clinic.services import Actor
from clinic.states import ENDED, ON_SITE, State, Verb
from realtime.models import Topic
from tests.models.clinic_model import ClinicModel, says_something
from tests.models.stays import TAKEN_BACK, Stay

SAME = [
    "pk",
    "public_id",
    "idempotency_key",
    "day",
    "day_number",
    "ticket",
    "booking_claimed",
    "party_id",
    "booked_for",
    "arrived_at",
    *TAKEN_BACK,
]


def check_rows(clinic: Clinic, model: ClinicModel) -> None:
    """Each visit once and as the model has it; each ticket once a day; each person here once."""
    visits = list(clinic.visits.order_by("pk"))
    assert [values(visit) for visit in visits] == [values(stay) for stay in model.stays]
    tickets = [(visit.day, visit.ticket) for visit in visits if visit.ticket]
    assert len(set(tickets)) == len(tickets)
    here = [(v.given_name_key, v.family_name_key, v.birth_date) for v in visits if v.state in ON_SITE]
    assert len(set(here)) == len(here), "one person is here twice"
    shown = [visit.ticket for visit in visits if visit.state in (State.WAITING, State.CALLED)]
    assert len(set(shown)) == len(shown), "the room sees one ticket twice"


def values(one: Visit | Stay) -> dict[str, Any]:
    return {name: getattr(one, name) for name in SAME}


def check_history(clinic: Clinic, model: ClinicModel) -> None:
    """Every acknowledged change is one event, in a chain; the topic's version counts them."""
    events = list(VisitEvent.objects.filter(visit__clinic=clinic).order_by("visit_id", "sequence"))
    wanted = [
        (stay.pk, number, step.verb, step.from_state, step.to_state, step.at, *_ids(step.by), step.key)
        for stay in model.stays
        for number, step in enumerate(stay.history, 1)
    ]
    assert [_told(event) for event in events] == wanted
    check_chains(events)
    assert Topic.objects.get(pk=clinic.topic_id).version == model.version


def _told(event: VisitEvent) -> tuple[Any, ...]:
    what = (event.verb, event.from_state, event.to_state, event.at)
    return (event.visit_id, event.sequence, *what, event.user_id, event.device_id, event.by_patient, event.key)


def _ids(by: Actor) -> tuple[int | None, int | None, bool]:
    return (by.user.pk if by.user else None, by.device.pk if by.device else None, by.is_patient)


def check_chains(events: list[VisitEvent]) -> None:
    """Events in order of visit and sequence: no gap, no jump, no time that runs backwards, only legal moves."""
    last: dict[int, VisitEvent] = {}
    for event in events:
        former = last.get(event.visit_id)
        assert event.sequence == (former.sequence + 1 if former else 1)
        assert event.from_state == (former.to_state if former else "")
        assert former is None or former.at <= event.at
        if event.verb == Verb.UNDO:
            assert former and event.reverses_id == former.pk and event.to_state == former.from_state
        else:
            before = State(event.from_state) if event.from_state else None
            assert states.after(Verb(event.verb), before) == event.to_state
        last[event.visit_id] = event


def check_deliveries(model: ClinicModel, homes: list[int], asked: list[tuple[Any, ...]]) -> None:
    """Every event is owed once to every destination, whose job is asked for; questions and answers are not."""
    rows = Delivery.objects.filter(destination__in=homes)
    owed = list(rows.values_list("event__visit_id", "event__sequence", "destination_id"))
    events = [
        (stay.pk, number)
        for stay in model.stays
        for number, step in enumerate(stay.history, 1)
        if not states.is_untold(step.verb, step.from_state)
    ]
    assert sorted(owed) == sorted((*event, home) for event in events for home in homes)
    assert sorted(words[-1] for words in asked) == sorted(home for *_event, home in owed)


def check_monitor(clinic: Clinic, model: ClinicModel, rooms: dict[int, str]) -> None:
    """The room sees who is called, the latest first, and who waits, in order: nobody else."""
    board = presenters.monitor_board(clinic)
    called = sorted(model.in_state(State.CALLED), key=lambda stay: (-_seconds(stay.called_at), stay.pk))
    assert [(row.ticket, row.room, row.calls) for row in board.called] == [
        (stay.ticket, rooms[stay.room_id or 0], stay.calls) for stay in called
    ]
    assert [(row.ticket, row.room, row.calls) for row in board.waiting] == [
        (stay.ticket, "", stay.calls) for stay in model.line()
    ]


def check_desk(clinic: Clinic, model: ClinicModel, now: datetime) -> None:
    """Staff sees each visit in the one column of its state, with buttons that would be taken."""
    board, today = presenters.desk_board(clinic), model.day(now)
    yesterday = today - timedelta(days=1)
    for state in (*ON_SITE, State.EXPECTED):
        cards = {card.public_id for card in getattr(board, state)}
        stays = [stay for stay in model.in_state(state) if stay.is_here or (stay.day and stay.day <= today)]
        assert cards == {stay.public_id for stay in stays}
    assert [card.public_id for card in board.waiting] == [stay.public_id for stay in model.line()]
    ended = [(stay, stay.ended_at) for stay in model.in_state(*ENDED) if stay.ended_at]
    done = [stay for stay, at in ended if stay.day == today or (stay.day == yesterday and model.day(at) == today)]
    assert len(board.done) == min(30, len(done))
    assert {card.public_id for card in board.done} <= {stay.public_id for stay in done}
    stays_by_id = {stay.public_id: stay for stay in model.stays}
    for column in (board.waiting, board.called, board.stepped_out, board.roomed, board.expected, board.done):
        for card in column:
            _check_card(card, stays_by_id[card.public_id], model, now)
    assert len(board.alarms) == len(model.alarms)
    taken = {stay.room_id for stay in model.in_state(State.CALLED, State.ROOMED)}
    assert {room.pk for room in board.rooms if room.is_taken} == taken


def _check_card(card: presenters.DeskCard, stay: Stay, model: ClinicModel, now: datetime) -> None:
    assert (card.state, card.ticket, card.calls, card.lane) == (stay.state, stay.ticket, stay.calls, stay.lane)
    assert (card.sequence, card.identity_checked) == (len(stay.history), stay.identity_checked)
    assert card.can_undo == model.can_undo(stay, now)
    for verb in card.verbs:
        assert states.after(Verb(verb), State(stay.state)) is not None
        assert says_something(stay, Verb(verb))


def _seconds(at: datetime | None) -> float:
    assert at
    return at.timestamp()
