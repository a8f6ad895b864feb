from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from clinic.models import Clinic, Delivery, Visit
from clinic.models.visits import Reason
from clinic.services import Actor, AlreadyDone, bookings, check_in, move, undo
from clinic.services.bookings import Appointment, Became
from clinic.states import State, Verb
from realtime.models import Topic
from tests.clinic.conftest import Clock
from tests.factories import BORN, answers, do, make_booking, make_clinic, make_destination, make_visit

pytestmark = pytest.mark.django_db

SYSTEM = Actor()


@pytest.fixture
def at(clock: Clock) -> datetime:
    """In half an hour."""
    return clock.at.replace(microsecond=0) + timedelta(minutes=30)


def bob(at: datetime, booking_id: str = "A1", **more: Any) -> Appointment:
    said = {"family_name": "Miller", "birth_date": BORN, "given_name": "Bob", "booking_id": booking_id, **more}
    return Appointment(booked_for=at, **said)


def put(clinic: Clinic, appointment: Appointment, **more: Any) -> Became:
    return bookings.put(clinic, appointment, by=SYSTEM, **more).became


def verbs(visit: Visit) -> list[str]:
    return list(visit.events.values_list("verb", flat=True))


def version(clinic: Clinic) -> int:
    return Topic.objects.get(pk=clinic.topic_id).version


def test_appointment_becomes_an_expected_visit_that_the_patient_takes_up(harbor: Clinic, at: datetime) -> None:
    booked = bookings.put(harbor, bob(at), by=SYSTEM).visit
    assert booked and (booked.state, booked.booking_id, booked.booked_for) == ("expected", "A1", at)
    came = check_in(harbor, answers(booked=True), by=SYSTEM)
    assert (came.pk, came.state) == (booked.pk, State.WAITING)


def test_same_word_again_changes_nothing_and_tells_nobody(harbor: Clinic, at: datetime) -> None:
    put(harbor, bob(at))
    before = version(harbor)
    assert put(harbor, bob(at)) == Became.SAME
    assert verbs(Visit.objects.get()) == ["book"]
    assert version(harbor) == before


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"given_name": "Robert"}, "given_name"),
        ({"phone": "+12025550143"}, "phone"),
        ({"birth_date": date(1985, 4, 18), "family_name": "Mills"}, "family_name, birth_date"),
    ],
)
def test_change_is_one_event_that_says_what_changed_and_of_nobody_to_what(
    harbor: Clinic, at: datetime, change: dict[str, Any], what: str
) -> None:
    put(harbor, bob(at))
    assert put(harbor, bob(at, **change)) == Became.CHANGED
    visit = Visit.objects.get()
    event = visit.events.latest("sequence")
    assert (event.verb, event.from_state, event.to_state, event.reason) == ("rebook", "expected", "expected", what)
    assert {name: getattr(visit, name) for name in change} == change


def test_another_time_moves_the_day_too_and_answers_the_question_of_the_evening(
    harbor: Clinic, at: datetime
) -> None:
    put(harbor, bob(at))
    do(Visit.objects.get(), Verb.ASK)
    assert put(harbor, bob(at + timedelta(days=2))) == Became.CHANGED
    visit = Visit.objects.get()
    assert visit.day == harbor.day(at + timedelta(days=2))
    assert visit.events.latest("sequence").verb == Verb.REBOOK


def test_what_a_schedule_leaves_out_stays(harbor: Clinic, at: datetime) -> None:
    put(harbor, bob(at, phone="+12025550143"))
    assert put(harbor, bob(at, given_name="", phone="")) == Became.SAME
    visit = Visit.objects.get()
    assert (visit.given_name, visit.phone) == ("Bob", "+12025550143")


def test_appointment_that_went_to_somebody_else_keeps_nothing_of_the_first(harbor: Clinic, at: datetime) -> None:
    put(harbor, bob(at, phone="+12025550143"))
    put(harbor, Appointment(at, "Nguyen", date(1990, 1, 2), booking_id="A1"))
    visit = Visit.objects.get()
    assert (visit.given_name, visit.family_name, visit.phone) == ("", "Nguyen", "")


def test_one_who_has_arrived_is_the_desks(harbor: Clinic, at: datetime) -> None:
    put(harbor, bob(at))
    visit = check_in(harbor, answers(booked=True), by=SYSTEM)
    before, events = version(harbor), verbs(visit)
    assert put(harbor, bob(at + timedelta(hours=1))) == Became.ARRIVED
    for verb in (Verb.CANCEL, Verb.NO_SHOW):
        assert bookings.end(harbor, "A1", verb, by=SYSTEM).became == Became.ARRIVED
    assert (verbs(visit), version(harbor)) == (events, before)
    do(visit, Verb.LEFT)
    assert put(harbor, bob(at + timedelta(hours=1)), is_new=True) == Became.ARRIVED


@pytest.mark.parametrize(("verb", "state"), [(Verb.CANCEL, "cancelled"), (Verb.NO_SHOW, "no_show")])
def test_end_is_written_once(harbor: Clinic, at: datetime, verb: Verb, state: str) -> None:
    put(harbor, bob(at))
    ends = [bookings.end(harbor, "A1", verb, by=SYSTEM).became for _n in range(2)]
    visit = Visit.objects.get()
    assert (ends, visit.state, verbs(visit)) == (["ended", "same"], state, ["book", verb])
    assert visit.ended_at


def test_end_of_what_nobody_knows_is_told(harbor: Clinic, at: datetime) -> None:
    put(harbor, bob(at, booking_id=""))
    put(make_clinic("hill"), bob(at, "B2"))
    for booking_id in ("B2", ""):
        assert bookings.end(harbor, booking_id, Verb.CANCEL, by=SYSTEM).became == Became.UNKNOWN
    with pytest.raises(ValueError, match="does not end"):
        bookings.end(harbor, "B2", Verb.DISCHARGE, by=SYSTEM)


def test_id_that_was_called_off_may_be_booked_anew(harbor: Clinic, at: datetime) -> None:
    put(harbor, bob(at))
    bookings.end(harbor, "A1", Verb.CANCEL, by=SYSTEM)
    assert put(harbor, bob(at)) == Became.CALLED_OFF
    assert put(harbor, bob(at), is_new=True) == Became.BOOKED
    assert put(harbor, bob(at), is_new=True) == Became.SAME
    assert sorted(Visit.objects.values_list("state", flat=True)) == ["cancelled", "expected"]
    old = Visit.objects.get(state=State.CANCELLED)
    with pytest.raises(AlreadyDone, match="anew"):
        undo(harbor, old.public_id, by=SYSTEM)


def test_one_called_off_comes_back_with_another_time(harbor: Clinic, at: datetime) -> None:
    put(harbor, bob(at))
    bookings.end(harbor, "A1", Verb.NO_SHOW, by=SYSTEM)
    assert put(harbor, bob(at + timedelta(days=1))) == Became.BOOKED


def test_cancel_can_be_undone_at_the_desk_while_nothing_took_its_place(harbor: Clinic, at: datetime) -> None:
    put(harbor, bob(at))
    bookings.end(harbor, "A1", Verb.CANCEL, by=SYSTEM)
    visit = Visit.objects.get()
    undo(harbor, visit.public_id, by=SYSTEM)
    assert put(harbor, bob(at)) == Became.SAME


def test_without_an_id_person_and_time_must_do(harbor: Clinic, at: datetime) -> None:
    assert put(harbor, bob(at, booking_id="")) == Became.BOOKED
    assert put(harbor, bob(at, booking_id="", given_name="BOB", family_name="miller")) == Became.CHANGED
    assert put(harbor, bob(at + timedelta(hours=1), booking_id="")) == Became.BOOKED
    assert put(harbor, bob(at, booking_id="", given_name="Rob")) == Became.BOOKED
    assert Visit.objects.count() == 3


def test_id_takes_up_the_booking_of_the_same_person_and_time_that_had_none(harbor: Clinic, at: datetime) -> None:
    made = make_booking(harbor, at)
    assert put(harbor, bob(at, "A1")) == Became.CHANGED
    assert put(harbor, bob(at, "A2")) == Became.BOOKED
    made.refresh_from_db()
    assert made.booking_id == "A1"


def test_ids_are_a_clinics_own(harbor: Clinic, at: datetime) -> None:
    for clinic in (harbor, make_clinic("hill")):
        assert put(clinic, bob(at)) == Became.BOOKED


def test_all_or_none(harbor: Clinic, at: datetime) -> None:
    wrong = bob(at, "A2", family_name=None)
    with pytest.raises(Exception):  # noqa: B017
        bookings.put_all(harbor, [bob(at), wrong], by=SYSTEM)
    assert not Visit.objects.exists()


def test_change_is_no_move_of_the_desk(harbor: Clinic, at: datetime) -> None:
    put(harbor, bob(at))
    visit = Visit.objects.get()
    with pytest.raises(ValueError, match="service of its own"):
        move(harbor, visit.public_id, Verb.REBOOK, by=SYSTEM)


def test_reason_language_and_lane_of_a_booking_are_the_usual_ones(harbor: Clinic, at: datetime) -> None:
    visit = bookings.put(harbor, bob(at), by=SYSTEM).visit
    assert visit and (visit.reason, visit.language, visit.lane) == (Reason.PRIVATE, "en", "standard")


def test_schedules_hear_no_echo_of_their_own_word(harbor: Clinic, at: datetime, no_redis: Any) -> None:
    make_destination(harbor, name="web")
    schedule = make_destination(harbor, name="schedule")
    type(schedule).objects.filter(pk=schedule.pk).update(kind="hl7")
    put(harbor, bob(at))
    put(harbor, bob(at, phone="+12025550143"))
    bookings.end(harbor, "A1", Verb.CANCEL, by=SYSTEM)
    told = Delivery.objects.order_by("pk").values_list("destination__name", "event__verb")
    assert list(told) == [("web", "book"), ("web", "rebook"), ("web", "cancel")]


def test_person_who_is_here_already_is_booked_all_the_same(harbor: Clinic, at: datetime) -> None:
    here = make_visit(harbor, "Bob")
    assert put(harbor, bob(at)) == Became.BOOKED
    assert here.state == State.WAITING
