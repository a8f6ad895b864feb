"""The estimate of a visit in the database: what it counts, what it costs, and what is promised at a check-in."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from clinic import estimates
from clinic.models import Clinic, Room, Visit
from clinic.services import Actor, arrive, check_in, move, undo
from clinic.states import Lane, State, Verb
from tests.clinic.conftest import Clock
from tests.clinic.estimates.past import make_past
from tests.factories import answers, do, make_booking, make_clinic, make_visit

pytestmark = pytest.mark.django_db


@pytest.fixture
def lively(harbor: Clinic, clock: Clock) -> Clinic:
    """A clinic where a week ago sixty waited at this hour, and one went in every two minutes."""
    make_past(harbor, clock.at - timedelta(days=7, hours=1))
    return harbor


def the_range(visit: Visit) -> tuple[int, int]:
    found = estimates.range_for(visit)
    assert found is not None
    return found.low, found.high


def test_without_a_past_nothing_is_named_until_ten_were_served_today(harbor: Clinic, clock: Clock) -> None:
    early = [make_visit(harbor) for _n in range(10)]
    assert {one.promised_to for one in early} == {None} and estimates.range_for(early[0]) is None
    for visit in early:
        clock.add(minutes=5)
        do(visit, Verb.CALL)
    late = make_visit(harbor)
    assert late.promised_from is not None and the_range(late) == (late.promised_from, late.promised_to)


def test_promise_is_stored_at_check_in_and_never_changes(lively: Clinic, clock: Clock) -> None:
    for _n in range(9):
        make_visit(lively)
    visit = make_visit(lively, given="Bob")
    promised = (visit.promised_from, visit.promised_to)
    assert visit.promised_to is not None and promised == the_range(visit)
    clock.add(minutes=40)
    do(visit, Verb.STEP_OUT)
    again = check_in(lively, answers("Bob"), by=Actor())
    assert again.pk == visit.pk and (again.promised_from, again.promised_to) == promised
    assert the_range(again) != promised


def test_desk_that_lets_a_booked_patient_in_promises_too(lively: Clinic, clock: Clock) -> None:
    visit = arrive(lively, make_booking(lively, clock.now()).public_id, by=Actor())
    assert visit.promised_to is not None


def test_those_behind_and_of_another_clinic_do_not_count(lively: Clinic) -> None:
    first = make_visit(lively)
    before = the_range(first)
    inland = make_clinic("inland")
    for _n in range(8):
        make_visit(lively), make_visit(inland)
    assert the_range(first) == before
    for _n in range(8):
        make_visit(lively, lane=Lane.IMMEDIATE)
    assert the_range(first)[1] > before[1]


def test_only_who_waits_or_stepped_out_gets_a_figure(lively: Clinic, room: Room) -> None:
    for _n in range(5):
        make_visit(lively)
    visit = make_visit(lively)
    waits = the_range(visit)
    do(visit, Verb.STEP_OUT)
    visit.refresh_from_db()
    assert visit.state == State.STEPPED_OUT and the_range(visit) == waits
    do(visit, Verb.RETURN)
    move(lively, visit.public_id, Verb.CALL, by=Actor(), room=room)
    visit.refresh_from_db()
    assert estimates.range_for(visit) is None
    undo(lively, visit.public_id, by=Actor())
    visit.refresh_from_db()
    assert the_range(visit) == waits


def test_who_asked_to_be_called_later_is_not_told_sooner(lively: Clinic, clock: Clock) -> None:
    visit = make_visit(lively)
    visit.not_before = clock.now() + timedelta(minutes=38)
    assert the_range(visit) == (40, 45)


def test_who_asks_for_time_beside_free_rooms_keeps_nobody_waiting(harbor: Clinic, clock: Clock) -> None:
    make_past(harbor, clock.at - timedelta(days=7, hours=1), every=10, care=30)
    one = make_visit(harbor)
    for _n in range(3):
        do(one, Verb.MORE_TIME)
        clock.add(minutes=9)
    assert one.promised_to == make_visit(harbor).promised_to == 10


def test_nobody_called_for_long_pauses_the_figure_and_promises_nothing(lively: Clinic, clock: Clock) -> None:
    first = make_visit(lively)
    clock.add(minutes=61)
    found = estimates.range_for(first)
    assert found is not None and found.is_paused
    assert make_visit(lively).promised_to is None


def test_it_is_one_query_and_one_more_for_the_past(lively: Clinic, django_assert_num_queries: Any) -> None:
    visit = make_visit(lively)
    with django_assert_num_queries(1):
        estimates.range_for(visit, visit.arrived_at)


def test_check_in_without_an_estimate_is_a_check_in(
    lively: Clinic, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*words: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT no_such_column FROM clinic_visit")

    monkeypatch.setattr("clinic.estimates.promise", broken)
    with pytest.raises(DatabaseError), transaction.atomic():
        broken()
    visit = make_visit(lively)
    assert (visit.state, visit.promised_to) == (State.WAITING, None)
    assert "could not be estimated" in caplog.text
