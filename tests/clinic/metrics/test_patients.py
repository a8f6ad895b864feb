"""Check-ins and waits, by clinic: true whichever process is asked, since the database says them."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from clinic.models import Clinic
from clinic.services import Actor
from clinic.services.check_in import arrive
from clinic.states import Verb
from tests.clinic.conftest import Clock
from tests.clinic.scrape import figures
from tests.factories import do, make_booking, make_clinic, make_visit


def waits(pk: str, end: str) -> float:
    return figures()["evenkeel_wait_seconds_bucket", pk, end]


def test_check_ins_are_those_of_each_clinics_own_day(harbor: Clinic, clock: Clock) -> None:
    other, pk = make_clinic("other"), str(harbor.pk)
    make_visit(harbor), make_visit(harbor)
    arrive(harbor, make_booking(harbor, clock.at).public_id, by=Actor())
    make_booking(harbor, clock.at)
    assert figures()["evenkeel_check_ins_total", pk] == 3
    assert figures()["evenkeel_check_ins_total", str(other.pk)] == 0
    clock.add(hours=25)
    make_visit(harbor)
    assert figures()["evenkeel_check_ins_total", pk] == 1


def test_check_in_that_was_an_error_is_still_counted(harbor: Clinic) -> None:
    do(make_visit(harbor), Verb.ENTER_IN_ERROR)
    assert figures()["evenkeel_check_ins_total", str(harbor.pk)] == 1


def test_waits_run_from_arrival_to_the_first_call(harbor: Clinic, clock: Clock) -> None:
    pk = str(harbor.pk)
    short, long = make_visit(harbor), make_visit(harbor)
    make_visit(harbor)
    clock.add(minutes=4)
    do(short, Verb.CALL)
    clock.add(minutes=30)
    do(long, Verb.CALL)
    assert (waits(pk, "300"), waits(pk, "1800"), waits(pk, "2700"), waits(pk, "+Inf")) == (1, 1, 2, 2)
    assert figures()["evenkeel_wait_seconds_sum", pk] == 4 * 60 + 34 * 60


def test_call_that_was_taken_back_takes_no_wait_back(harbor: Clinic, clock: Clock) -> None:
    visit, pk = make_visit(harbor), str(harbor.pk)
    clock.add(minutes=4)
    do(visit, Verb.CALL)
    do(visit, Verb.RETURN)
    clock.add(minutes=90)
    do(visit, Verb.CALL)
    assert (waits(pk, "300"), waits(pk, "+Inf")) == (1, 1)


def test_who_waits_now_and_for_how_long(harbor: Clinic, clock: Clock) -> None:
    empty = make_clinic("other")
    make_visit(harbor)
    clock.add(minutes=7)
    make_visit(harbor)
    found = figures()
    assert found["evenkeel_patients_waiting", str(harbor.pk)] == 2
    assert found["evenkeel_longest_wait_seconds", str(harbor.pk)] == 7 * 60
    assert found["evenkeel_patients_waiting", str(empty.pk)] == 0
    assert found["evenkeel_longest_wait_seconds", str(empty.pk)] == 0


def test_more_clinics_take_no_more_questions(harbor: Clinic) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            Client().get("/metrics")
        return len(queries)

    make_visit(harbor)
    before = asked()
    for n in range(10):
        make_visit(make_clinic(f"clinic-{n}"))
    assert asked() <= before


@pytest.mark.django_db
def test_without_a_clinic_there_are_no_figures_of_patients() -> None:
    assert not [name for name, *_labels in figures() if name == "evenkeel_check_ins_total"]
