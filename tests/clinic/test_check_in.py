from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta

import pytest

from clinic.models import Clinic, Room, Visit
from clinic.services import Actor, AlreadyDone, Refused, arrive, call_next, check_in, undo
from clinic.states import Lane, State, Verb
from realtime.models import Topic
from tests.clinic.conftest import Clock
from tests.factories import (
    BORN,
    answers,
    make_booking,
    make_clinic,
    make_destination,
    make_device,
    make_visit,
    make_visit_in,
)

pytestmark = pytest.mark.django_db


def booked(given: str = "Bob", family: str = "Miller", born: date = BORN, **more: str) -> dict[str, object]:
    return {"answers": answers(given, family, born, booked=True, **more), "by": Actor()}


def test_check_in_makes_one_visit_with_its_event_delivery_and_version(harbor: Clinic) -> None:
    device, _token = make_device(harbor)
    make_destination(harbor)
    visit = check_in(harbor, answers(phone="+12025550143"), by=Actor(device=device))
    event = visit.events.get()
    assert (visit.state, visit.ticket, visit.day_number, visit.phone) == ("waiting", "A10", 1, "+12025550143")
    assert (event.verb, event.from_state, event.to_state, event.sequence) == ("check-in", "", "waiting", 1)
    assert (event.device, event.user, event.at) == (device, None, visit.arrived_at)
    assert event.deliveries.get().visit == visit
    assert Topic.objects.get(pk=harbor.topic_id).version == 2


def test_same_key_and_person_give_the_same_visit_and_change_nothing(harbor: Clinic) -> None:
    key = uuid.uuid4()
    first = make_visit(harbor, given="Bob", key=key)
    again = make_visit(harbor, given="BOB", key=key)
    assert (again.pk, again.ticket, again.given_name) == (first.pk, first.ticket, "Bob")
    assert Visit.objects.count() == 1
    assert Topic.objects.get(pk=harbor.topic_id).version == 2


def test_form_that_is_sent_again_with_somebody_else_on_it_is_theirs(harbor: Clinic) -> None:
    key = uuid.uuid4()
    first, other = make_visit(harbor, given="Ana", key=key), make_visit(harbor, given="Ola", key=key)
    assert first.pk != other.pk and other.given_name == "Ola"


def test_same_key_at_another_clinic_is_another_visit(harbor: Clinic) -> None:
    key = uuid.uuid4()
    assert make_visit(harbor, key=key) != make_visit(make_clinic("inland"), key=key)


def test_booked_patient_gets_the_booking_and_keeps_its_name(harbor: Clinic, clock: Clock) -> None:
    booking = make_booking(harbor, clock.at + timedelta(minutes=30), given="José", family="Müller")
    clock.add(minutes=1)
    visit = check_in(harbor, **booked("JOSE", family="MULLER", reason="skin", language="es"))  # type: ignore[arg-type]
    assert (visit.pk, visit.state, visit.given_name, visit.family_name) == (
        booking.pk,
        "waiting",
        "José",
        "Müller",
    )
    assert (visit.reason, visit.language, visit.order_key) == ("skin", "es", clock.at)
    assert [event.verb for event in visit.events.all()] == [Verb.BOOK, Verb.CHECK_IN]
    assert not visit.identity_checked


@pytest.mark.parametrize(
    "wrong", [{"family": "Mills"}, {"born": date(1985, 4, 18)}, {"family": "Mills", "born": date(1986, 4, 17)}]
)
def test_miss_becomes_a_walk_in_that_the_desk_is_told_of(
    harbor: Clinic, clock: Clock, wrong: dict[str, object]
) -> None:
    booking = make_booking(harbor, clock.at)
    visit = check_in(harbor, **booked(**wrong))  # type: ignore[arg-type]
    assert visit.pk != booking.pk
    assert (visit.state, visit.booking_claimed, visit.booked_for) == ("waiting", True, None)


def test_walk_in_who_is_expected_by_both_names_takes_up_the_booking(harbor: Clinic, clock: Clock) -> None:
    booking = make_booking(harbor, clock.at, given="Bob")
    assert make_visit(harbor, "Rob").pk != booking.pk
    assert make_visit(harbor, "Bob").pk == booking.pk


@pytest.mark.parametrize(
    ("hours", "hit"), [(-13, False), (-7, True), (-2, True), (0, True), (2, True), (9, True), (17, False)]
)
def test_booking_is_found_within_the_clinic_day(harbor: Clinic, clock: Clock, hours: int, hit: bool) -> None:
    clock.at = datetime(2026, 2, 2, 18, 0, tzinfo=UTC)
    booking = make_booking(harbor, clock.at + timedelta(hours=hours))
    assert (check_in(harbor, **booked()).pk == booking.pk) is hit  # type: ignore[arg-type]


def test_booking_shortly_after_the_days_turn_is_found_before_it(harbor: Clinic, clock: Clock) -> None:
    clock.at = harbor.day_starts(date(2026, 2, 3)) - timedelta(minutes=20)
    booking = make_booking(harbor, clock.at + timedelta(minutes=40))
    assert check_in(harbor, **booked()).pk == booking.pk  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("came_after", "keeps"), [(-300, False), (-20, False), (0, True), (20, True), (60, True), (61, False)]
)
def test_place_of_a_booked_patient_follows_the_rule(
    harbor: Clinic, clock: Clock, came_after: int, keeps: bool
) -> None:
    """Late within the allowance: the booked time's place. Early, or later than that: in line from the arrival."""
    clock.at = datetime(2026, 2, 2, 18, 0, tzinfo=UTC)
    at = clock.at - timedelta(minutes=came_after)
    make_booking(harbor, at)
    visit = check_in(harbor, **booked())  # type: ignore[arg-type]
    assert visit.order_key == (at if keeps else clock.at)


def test_twins_are_told_apart_by_first_name(harbor: Clinic, clock: Clock) -> None:
    twins = {name: make_booking(harbor, clock.at, given=name) for name in ("Castor", "Pollux")}
    assert check_in(harbor, **booked("POLLUX")).pk == twins["Pollux"].pk  # type: ignore[arg-type]
    twins["Pollux"].refresh_from_db()
    Visit.objects.filter(pk=twins["Pollux"].pk).update(state="expected", arrived_at=None)
    assert check_in(harbor, **booked("Helen")).booked_for is None  # type: ignore[arg-type]


def test_only_booked_twin_is_not_taken_for_the_other(harbor: Clinic, clock: Clock) -> None:
    make_booking(harbor, clock.at, given="Castor")
    other = check_in(harbor, **booked("Pollux"))  # type: ignore[arg-type]
    assert (other.booked_for, other.booking_claimed) == (None, True)


@pytest.mark.parametrize(("on_the_list", "said"), [("Castor", ""), ("", "Castor")])
def test_missing_first_name_suffices_for_who_claims_the_one_booking(
    harbor: Clinic, clock: Clock, on_the_list: str, said: str
) -> None:
    booking = make_booking(harbor, clock.at, given=on_the_list)
    assert check_in(harbor, **booked(said)).pk == booking.pk  # type: ignore[arg-type]


def test_missing_first_name_of_who_claims_nothing_does_not_suffice(harbor: Clinic, clock: Clock) -> None:
    booking = make_booking(harbor, clock.at, given="Castor")
    assert check_in(harbor, answers(""), by=Actor()).pk != booking.pk


def test_missing_first_name_chooses_none_of_two_bookings(harbor: Clinic, clock: Clock) -> None:
    for name in ("Castor", "Pollux"):
        make_booking(harbor, clock.at, given=name)
    assert check_in(harbor, **booked("")).booked_for is None  # type: ignore[arg-type]


def test_patient_booked_twice_gets_the_earlier_booking(harbor: Clinic, clock: Clock) -> None:
    make_booking(harbor, clock.at + timedelta(minutes=50))
    earlier = make_booking(harbor, clock.at + timedelta(minutes=10))
    assert check_in(harbor, **booked()).pk == earlier.pk  # type: ignore[arg-type]


def test_booking_of_another_clinic_is_not_found(harbor: Clinic, clock: Clock) -> None:
    booking = make_booking(make_clinic("inland"), clock.at)
    assert check_in(harbor, **booked()).pk != booking.pk  # type: ignore[arg-type]


def test_clerks_lane_is_given_to_a_booked_patient_too(harbor: Clinic, clock: Clock) -> None:
    make_booking(harbor, clock.at)
    visit = check_in(harbor, **booked(), lane=Lane.IMMEDIATE)  # type: ignore[arg-type]
    assert (visit.lane, visit.order_key) == (Lane.IMMEDIATE, clock.at - timedelta(days=1))


def test_lanes_order_by_arrival_less_their_head_start(harbor: Clinic, clock: Clock, room: Room) -> None:
    arrivals = [
        ("standard", Lane.STANDARD, 0),
        ("quick", Lane.QUICK, 10),
        ("late quick", Lane.QUICK, 16),
        ("priority", Lane.PRIORITY, 50),
        ("immediate", Lane.IMMEDIATE, 120),
    ]
    start = clock.at
    for name, lane, minutes in arrivals:
        clock.at = start + timedelta(minutes=minutes)
        make_visit(harbor, given=name, lane=lane)
    called = [call_next(harbor, by=Actor(), room=room).visit.given_name for _n in arrivals]
    assert called == ["immediate", "quick", "standard", "late quick", "priority"]


def test_tickets_restart_when_the_clinics_own_day_begins(harbor: Clinic, clock: Clock, room: Room) -> None:
    tickets = []
    # 10:00 UTC is four in the morning in Chicago in winter.
    for at in [(1, 23, 0), (2, 9, 59), (2, 10, 0), (3, 9, 59)]:
        clock.at = datetime(2026, 2, *at, tzinfo=UTC)
        visit = make_visit(harbor)
        call_next(harbor, by=Actor(), room=room)
        tickets.append((str(visit.day), visit.ticket))
        Visit.objects.filter(pk=visit.pk).update(state=State.LEFT, ended_at=clock.at)
    assert tickets == [
        ("2026-02-01", "A10"),
        ("2026-02-01", "A11"),
        ("2026-02-02", "A10"),
        ("2026-02-02", "A11"),
    ]


def test_ticket_of_somebody_who_waits_since_yesterday_is_not_given_again(harbor: Clinic, clock: Clock) -> None:
    waiting = make_visit(harbor)
    clock.add(days=1)
    assert (waiting.ticket, make_visit(harbor).ticket, make_visit(harbor).ticket) == ("A10", "A11", "A12")


@pytest.mark.parametrize("state", [State.ROOMED, State.LEFT])
def test_ticket_that_an_undo_may_show_again_is_not_given_again(harbor: Clinic, clock: Clock, state: State) -> None:
    clock.at = datetime(2026, 2, 2, 9, 58, tzinfo=UTC)
    before = make_visit_in(harbor, state)
    clock.add(minutes=5)
    after = make_visit(harbor)
    undo(harbor, before.public_id, by=Actor())
    assert (before.ticket, after.ticket, after.day_number) == ("A10", "A11", 2)


def test_clock_set_back_over_the_days_turn_repeats_no_ticket(harbor: Clinic, clock: Clock) -> None:
    clock.at = datetime(2026, 2, 2, 9, 59, tzinfo=UTC)
    tickets = [make_visit(harbor)]
    clock.add(minutes=2)
    tickets.append(make_visit(harbor))
    clock.add(minutes=-2)
    tickets.append(make_visit(harbor))
    assert len({(visit.day, visit.ticket) for visit in tickets}) == 3


def test_day_without_tickets_left_is_refused_in_words(harbor: Clinic, clock: Clock) -> None:
    last = make_visit(harbor)
    Visit.objects.filter(pk=last.pk).update(day_number=21 * 990)
    with pytest.raises(Refused, match="front desk"):
        make_visit(harbor)


def test_arrive_checks_a_booked_patient_in_and_names_who_was_first(
    harbor: Clinic, clock: Clock, by_ana: Actor, by_ben: Actor
) -> None:
    booking = make_booking(harbor, clock.at + timedelta(days=3))
    clock.add(minutes=-10)
    visit = arrive(harbor, booking.public_id, by=by_ana)
    assert (visit.state, visit.ticket, visit.identity_checked) == ("waiting", "A10", True)
    assert (visit.day, visit.arrived_at) == (harbor.day(clock.at), visit.events.get(verb=Verb.BOOK).at)
    with pytest.raises(AlreadyDone, match=r"A10: Ana was first \(Check in\)"):
        arrive(harbor, booking.public_id, by=by_ben)


def test_arrive_at_another_clinic_does_not_find_the_visit(harbor: Clinic, clock: Clock) -> None:
    booking = make_booking(make_clinic("inland"), clock.at)
    with pytest.raises(Visit.DoesNotExist):
        arrive(harbor, booking.public_id, by=Actor())


def test_check_in_after_the_clock_was_set_back_keeps_events_in_order(harbor: Clinic, clock: Clock) -> None:
    make_booking(harbor, clock.at)
    clock.add(minutes=-5)
    visit = check_in(harbor, **booked())  # type: ignore[arg-type]
    times = list(visit.events.order_by("sequence").values_list("at", flat=True))
    assert times == sorted(times)
