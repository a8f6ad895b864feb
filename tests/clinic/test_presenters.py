from __future__ import annotations

from dataclasses import asdict, replace
from datetime import UTC, date, datetime, timedelta

import pytest
from django.template.loader import render_to_string

from clinic import presenters
from clinic.ages import age_on
from clinic.models import Clinic, Visit
from clinic.models.places import LabelStyle
from clinic.services import Actor, Answers, ask_for_help, check_in, take_help_request
from clinic.states import ENDED, Lane, State, Verb
from tests.clinic.conftest import Clock
from tests.factories import (
    answers,
    do,
    make_booking,
    make_clinic,
    make_device,
    make_user,
    make_visit,
    make_visit_in,
)

pytestmark = pytest.mark.django_db

PLANTED = Answers(
    given_name="Xaviera Quennell",
    family_name="Zyxwvut",
    birth_date=date(1931, 12, 29),
    phone="+12025550199",
    reason="stomach",
    language="es",
)
MARKS = ["Xaviera", "Quennell", "Zyxwvut", "zyxwvut", "1931", "12025550199", "555", "stomach", "Stomach"]


def plant(clinic: Clinic, *verbs: Verb) -> Visit:
    """One more of them: the last name makes it another person."""
    many = Visit.objects.count()
    said = replace(PLANTED, family_name=PLANTED.family_name + "w" * many)
    visit = check_in(clinic, said, by=Actor(user=make_user(f"clerk{many}")))
    for verb in verbs:
        do(visit, verb)
    return visit


def shown(clinic: Clinic) -> str:
    """All that the wait-room screen gets: the rows themselves, and their page."""
    board = presenters.monitor_board(clinic)
    return str(asdict(board)) + render_to_string("monitor/_board.html", {"board": board})


def test_monitor_in_ticket_style_shows_nothing_of_a_patient(harbor: Clinic) -> None:
    visits = [plant(harbor), plant(harbor, Verb.CALL), plant(harbor, Verb.CALL, Verb.ROOM)]
    text = shown(harbor)
    assert "A10" in text and "A11" in text
    assert [mark for mark in MARKS if mark in text] == []
    assert not any(str(visit.public_id) in text for visit in visits)


def test_monitor_in_first_name_style_shows_first_name_and_initial_only(harbor: Clinic) -> None:
    harbor.label_style = LabelStyle.FIRST_NAME
    plant(harbor)
    text = shown(harbor)
    assert "Xaviera Z." in text
    assert [mark for mark in MARKS if mark in text] == ["Xaviera"]


@pytest.mark.parametrize(
    ("given", "family", "label"),
    [
        ("Bob", "Miller", "Bob M."),
        ("  Ana María ", " de la Cruz", "Ana d."),
        ("Bob\u00a0Miller", "Miller", "Bob M."),
        ("", "Miller", ""),
        ("Bob", " ", "Bob"),
    ],
)
def test_public_label_is_cut_from_the_names(harbor: Clinic, given: str, family: str, label: str) -> None:
    harbor.label_style = LabelStyle.FIRST_NAME
    assert presenters.public_label(harbor, Visit(given_name=given, family_name=family)) == label


def test_monitor_shows_waiting_and_called_only_and_the_latest_call_first(harbor: Clinic, clock: Clock) -> None:
    visits: dict[State, list[str]] = {}
    for state in (State.WAITING, State.CALLED, State.CALLED, *set(State) - {State.WAITING, State.CALLED}):
        clock.add(minutes=1)
        visits.setdefault(state, []).append(make_visit_in(harbor, state).ticket)
    make_visit(make_clinic("inland"))
    board = presenters.monitor_board(harbor)
    assert [row.ticket for row in board.waiting] == visits[State.WAITING]
    assert [(row.ticket, row.room) for row in board.called] == [
        (ticket, "Room 1") for ticket in reversed(visits[State.CALLED])
    ]


def test_waiting_row_has_no_room_although_it_was_called_before(harbor: Clinic) -> None:
    visit = make_visit_in(harbor, State.CALLED)
    do(visit, Verb.RETURN)
    (row,) = presenters.monitor_board(harbor).waiting
    assert (row.room, row.calls) == ("", 1)


def test_desk_shows_its_own_clinic_by_column(harbor: Clinic, clock: Clock) -> None:
    for state in State:
        make_visit_in(harbor, state)
    make_visit(make_clinic("inland"))
    board = presenters.desk_board(harbor)
    for name in ("waiting", "called", "stepped_out", "roomed", "expected"):
        assert [card.state for card in getattr(board, name)] == [name]
    assert {card.state for card in board.done} == ENDED


def test_desk_card_says_who_acted_and_what_may_be_done(harbor: Clinic, by_ana: Actor) -> None:
    visit = make_visit(harbor, "Bob")
    do(visit, Verb.CALL, by=by_ana)
    (card,) = presenters.desk_board(harbor).called
    assert (card.name, card.room, card.sequence, card.last_by) == ("Bob Miller", "Room 1", 2, "Call: Ana")
    assert card.verbs == ["room", "recall", "return", "step-out", "no-show", "left", "confirm"]
    assert card.can_undo


def test_desk_card_marks_a_booking_that_was_not_found(harbor: Clinic, clock: Clock) -> None:
    make_booking(harbor, clock.at, family="Other")
    for family in ("Miller", "Other"):
        check_in(harbor, answers(family=family, booked=True), by=Actor())
    waiting = presenters.desk_board(harbor).waiting
    missed = {card.name: [flag.words for flag in card.flags if flag.kind == "booking"] for card in waiting}
    assert missed == {"Bob Miller": ["Booking not found"], "Bob Other": []}


def test_desk_card_counts_age_on_the_clinics_own_day(harbor: Clinic, clock: Clock) -> None:
    # In UTC it is the 17th, in Chicago still the 16th.
    clock.at = datetime(2026, 4, 17, 3, 0, tzinfo=UTC)
    make_visit(harbor)
    assert presenters.desk_board(harbor).waiting[0].age == 40


@pytest.mark.parametrize(("day", "age"), [(date(2026, 4, 16), 40), (date(2026, 4, 17), 41)])
def test_age_is_in_whole_years(day: date, age: int) -> None:
    assert age_on(date(1985, 4, 17), day) == age


def test_desk_offers_free_rooms_first(harbor: Clinic) -> None:
    make_visit_in(harbor, State.CALLED)
    rooms = presenters.desk_board(harbor).rooms
    assert [(room.name, room.is_taken) for room in rooms] == [("Room 2", False), ("Room 1", True)]


def test_alarm_stays_on_the_desk_until_somebody_takes_it(harbor: Clinic) -> None:
    device, _token = make_device(harbor)
    request = ask_for_help(harbor, device)
    assert ask_for_help(harbor, device) == request
    assert [alarm.where for alarm in presenters.desk_board(harbor).alarms] == ["Entrance"]
    ana, ben = make_user("ana"), make_user("ben")
    assert [take_help_request(harbor, request.pk, who).taken_by for who in (ana, ben)] == [ana, ana]
    assert presenters.desk_board(harbor).alarms == []
    assert ask_for_help(harbor, device) != request


def test_alarms_of_devices_that_are_gone_do_not_stop_a_new_one(harbor: Clinic) -> None:
    for name in ("Left", "Right"):
        device, _token = make_device(harbor, name=name)
        ask_for_help(harbor, device)
        device.delete()
    ask_for_help(harbor, None)
    assert len(presenters.desk_board(harbor).alarms) == 2


def test_people_ahead_counts_those_who_are_called_before(harbor: Clinic, clock: Clock) -> None:
    first, second = make_visit(harbor), make_visit(harbor)
    clock.add(minutes=1)
    third = make_visit(harbor)
    make_visit(harbor, lane=Lane.IMMEDIATE)
    assert first.order_key == second.order_key
    assert [presenters.people_ahead(visit) for visit in (first, second, third)] == [1, 2, 3]
    assert presenters.people_ahead(make_booking(harbor, clock.at + timedelta(hours=1))) == 0
