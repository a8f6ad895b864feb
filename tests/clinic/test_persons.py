"""Who is the same person: checked in twice, back again, twins, families; each with one visit and one ticket."""

from __future__ import annotations

import uuid
from datetime import date, timedelta

import pytest

from clinic.models import Clinic, Room, Visit
from clinic.services import (
    Actor,
    AlreadyDone,
    Refused,
    arrive,
    call_together,
    check_in,
    check_in_together,
    move,
    undo,
)
from clinic.states import State, Verb
from realtime.models import Topic
from tests.clinic.conftest import Clock
from tests.factories import answers, do, make_booking, make_clinic, make_visit, make_visit_in

CHILD = date(2020, 2, 29)


# --- One person -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [State.WAITING, State.CALLED, State.ROOMED])
def test_person_who_is_here_gets_the_same_ticket_again(harbor: Clinic, state: State) -> None:
    visit = make_visit(harbor, "Zoë")
    for verb in {State.CALLED: [Verb.CALL], State.ROOMED: [Verb.CALL, Verb.ROOM]}.get(state, []):
        do(visit, verb)
    version, events = Topic.objects.get(pk=harbor.topic_id).version, visit.events.count()
    again = check_in(harbor, answers("ZOE", phone="+12025550143"), by=Actor(), key=uuid.uuid4())
    assert (again.pk, again.state, again.phone) == (visit.pk, state, "")
    assert visit.events.count() == events, "nothing happened, so nothing is written"
    assert Topic.objects.get(pk=harbor.topic_id).version == version


def test_person_who_had_stepped_out_is_back_in_their_place(harbor: Clinic) -> None:
    first, _second = make_visit(harbor, "Zoe"), make_visit(harbor)
    do(first, Verb.STEP_OUT)
    again = make_visit(harbor, "Zoe")
    assert (again.pk, again.state, again.ticket) == (first.pk, "waiting", first.ticket)
    assert [event.verb for event in again.events.all()] == ["check-in", "step-out", "return"]
    assert harbor.visits.in_line().first() == again


@pytest.mark.parametrize("state", [State.LEFT, State.DISCHARGED, State.NO_SHOW, State.ENTERED_IN_ERROR])
def test_person_whose_visit_has_ended_gets_a_new_one_from_now(harbor: Clinic, clock: Clock, state: State) -> None:
    ended = make_visit_in(harbor, state)
    clock.add(minutes=5)
    back = make_visit(harbor, ended.given_name)
    assert back.pk != ended.pk and back.ticket != ended.ticket
    assert (back.state, back.order_key) == ("waiting", clock.at)


@pytest.mark.parametrize(
    ("given", "family_name", "born"),
    [
        ("Pollux", "Miller", date(1985, 4, 17)),
        ("", "Miller", date(1985, 4, 17)),
        ("Castor", "Mills", date(1985, 4, 17)),
        ("Castor", "Miller", date(1985, 4, 18)),
    ],
    ids=["twin", "no first name", "another last name", "another birth date"],
)
def test_another_person_gets_another_visit(harbor: Clinic, given: str, family_name: str, born: date) -> None:
    first = make_visit(harbor, "Castor")
    other = check_in(harbor, answers(given, family_name, born), by=Actor())
    assert (other.pk != first.pk, other.ticket) == (True, "A11")


@pytest.mark.parametrize("name", ["李", "Ó", "X Æ A-12", "ศิริพร", "محمد", "Nguyễn" * 16, "é" * 100])
def test_any_name_is_stored_as_written_and_known_again(harbor: Clinic, name: str) -> None:
    said = answers(name, name)
    visit = check_in(harbor, said, by=Actor())
    visit.refresh_from_db()
    assert (visit.given_name, visit.family_name) == (name, name)
    assert check_in(harbor, said, by=Actor()).pk == visit.pk


def test_same_person_at_another_clinic_is_not_known_there(harbor: Clinic) -> None:
    assert make_visit(harbor, "Zoe").pk != make_visit(make_clinic("inland"), "Zoe").pk


def test_person_who_is_here_and_booked_keeps_the_visit_and_the_booking(harbor: Clinic, clock: Clock) -> None:
    visit = make_visit(harbor, "Bob")
    booking = make_booking(harbor, clock.at + timedelta(hours=1))
    assert check_in(harbor, answers(booked=True), by=Actor()).pk == visit.pk
    booking.refresh_from_db()
    assert booking.state == "expected"


@pytest.mark.parametrize("state", [State.LEFT, State.DISCHARGED, State.NO_SHOW])
def test_undo_does_not_bring_back_who_is_here_again(harbor: Clinic, state: State) -> None:
    ended = make_visit_in(harbor, state)
    again = make_visit(harbor, ended.given_name)
    with pytest.raises(AlreadyDone, match=f"{ended.given_name} Miller is here already: {again.ticket}"):
        undo(harbor, ended.public_id, by=Actor())
    assert list(harbor.visits.on_site()) == [again]


def test_booking_of_who_is_here_already_does_not_arrive(harbor: Clinic, clock: Clock) -> None:
    make_visit(harbor, "Bob")
    later = make_booking(harbor, clock.at + timedelta(hours=1))
    with pytest.raises(AlreadyDone, match="Bob Miller is here already: A10"):
        arrive(harbor, later.public_id, by=Actor())


def test_booking_of_who_is_here_already_is_nobody_elses(harbor: Clinic, clock: Clock) -> None:
    make_visit(harbor, "Bob")
    booking = make_booking(harbor, clock.at)
    assert check_in(harbor, answers("", booked=True), by=Actor()).pk != booking.pk


def test_first_name_that_a_booking_lacks_is_taken_so_that_the_person_is_known_again(
    harbor: Clinic, clock: Clock
) -> None:
    make_booking(harbor, clock.at, given="")
    first, second = (check_in(harbor, answers("Castor", booked=True), by=Actor()) for _kiosk in range(2))
    assert (first.pk, first.given_name) == (second.pk, "Castor")


# --- People who come together ------------------------------------------------------------------------------------


@pytest.fixture
def three(harbor: Clinic) -> list[Visit]:
    """An adult and two children, checked in together."""
    people = [answers("Ana"), *(answers(name, born=CHILD, answered_by="Ana Miller") for name in ("Leo", "Mia"))]
    return check_in_together(harbor, people, by=Actor(), key=uuid.uuid4())


def test_family_gets_a_visit_and_a_ticket_each(harbor: Clinic, three: list[Visit]) -> None:
    assert [(visit.given_name, visit.ticket) for visit in three] == [
        ("Ana", "A10"),
        ("Leo", "A11"),
        ("Mia", "A12"),
    ]
    assert [visit.party_id for visit in three] == [None, three[0].pk, three[0].pk]
    assert [visit.answered_by for visit in three] == ["", "Ana Miller", "Ana Miller"]
    assert all(list(harbor.visits.of_party(visit)) == three for visit in three)


def test_same_key_of_a_family_makes_no_second_one(harbor: Clinic) -> None:
    key, people = uuid.uuid4(), [answers("Ana"), answers("Leo", born=CHILD)]
    first = check_in_together(harbor, people, by=Actor(), key=key)
    move(harbor, first[0].public_id, Verb.LEFT, by=Actor())
    assert [v.pk for v in check_in_together(harbor, people, by=Actor(), key=key)] == [v.pk for v in first]
    assert Visit.objects.count() == 2


def test_child_of_somebody_who_is_here_already_joins_them(harbor: Clinic, three: list[Visit]) -> None:
    again = check_in_together(harbor, [answers("Leo", born=CHILD), answers("Tom", born=CHILD)], by=Actor())
    assert again[0].pk == three[1].pk
    assert again[1].party_id == three[0].pk


def test_family_joins_the_one_who_is_here_already_in_whatever_order_they_are_named(harbor: Clinic) -> None:
    (ana,) = check_in_together(harbor, [answers("Ana")], by=Actor())
    leo, again = check_in_together(harbor, [answers("Leo", born=CHILD), answers("Ana")], by=Actor())
    assert again.pk == ana.pk and leo.party_id == ana.pk


def test_of_two_bookings_on_one_day_the_nearest_is_taken_up(harbor: Clinic, clock: Clock) -> None:
    missed = make_booking(harbor, clock.at - timedelta(hours=6))
    booked = make_booking(harbor, clock.at - timedelta(minutes=5))
    assert check_in(harbor, answers(), by=Actor()).pk == booked.pk != missed.pk


def test_family_of_whom_one_cannot_be_admitted_leaves_nothing(harbor: Clinic) -> None:
    Visit.objects.filter(pk=make_visit(harbor).pk).update(day_number=21 * 990 - 1)
    with pytest.raises(Refused, match="front desk"):
        check_in_together(harbor, [answers("Ana"), answers("Leo")], by=Actor())
    assert Visit.objects.count() == 1


@pytest.mark.parametrize("many", [0, 9])
def test_party_of_nobody_or_too_many_is_refused(harbor: Clinic, many: int) -> None:
    with pytest.raises(ValueError):
        check_in_together(harbor, [answers()] * many, by=Actor())


def test_family_is_called_together(harbor: Clinic, three: list[Visit], room: Room, by_ana: Actor) -> None:
    stranger = make_visit(harbor)
    do(three[1], Verb.STEP_OUT)
    events = call_together(harbor, three[2].public_id, by=by_ana, room=room, seen_free=True)
    assert [(event.visit.given_name, event.verb) for event in events] == [("Ana", "call"), ("Mia", "call")]
    states = {visit.given_name: visit.state for visit in harbor.visits.all()}
    assert states == {"Ana": "called", "Leo": "stepped_out", "Mia": "called", stranger.given_name: "waiting"}


def test_family_called_twice_by_a_double_tap_is_called_once(
    harbor: Clinic, three: list[Visit], room: Room
) -> None:
    key = uuid.uuid4()
    events = [call_together(harbor, three[0].public_id, by=Actor(), room=room, key=key) for _tap in range(2)]
    assert events[0] == events[1]
    assert {visit.calls for visit in harbor.visits.all()} == {1}


def test_second_clerk_who_calls_the_family_is_told_who_was_first(
    harbor: Clinic, three: list[Visit], room: Room, by_ana: Actor, by_ben: Actor
) -> None:
    call_together(harbor, three[0].public_id, by=by_ana, room=room)
    with pytest.raises(AlreadyDone, match="already called by Ana"):
        call_together(harbor, three[1].public_id, by=by_ben, room=room)


def test_family_is_not_sent_to_a_room_that_was_just_taken(harbor: Clinic, three: list[Visit], room: Room) -> None:
    do(make_visit(harbor), Verb.CALL, room=room)
    with pytest.raises(Refused, match="just taken"):
        call_together(harbor, three[0].public_id, by=Actor(), room=room, seen_free=True)
