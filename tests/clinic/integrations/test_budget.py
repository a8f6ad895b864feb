"""A destination that fails many messages is asked again less often than it fails."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from clinic.integrations import budget, engine, results
from clinic.integrations.engine import Attempt
from clinic.integrations.parcel import NotDelivered
from clinic.models import Clinic, Delivery, Destination
from clinic.models.deliveries import Failure
from tests.clinic.conftest import Clock
from tests.clinic.owed import owe, row
from tests.factories import make_destination

pytestmark = pytest.mark.django_db


@pytest.fixture
def emr(harbor: Clinic, clock: Clock) -> Destination:
    return make_destination(harbor, retry_tokens=0, retry_tokens_at=clock.at)


def failed_before(destination: Destination, failure: Failure, clock: Clock) -> int:
    (pk,) = owe(destination.clinic)
    Delivery.objects.filter(pk=pk).update(attempts=1, last_failure=failure, next_try_at=clock.at)
    return pk


def tokens(destination: Destination) -> float:
    return Destination.objects.get(pk=destination.pk).retry_tokens


def test_repeat_without_a_token_waits_until_there_is_one(emr: Destination, clock: Clock) -> None:
    pk = failed_before(emr, Failure.ERROR, clock)
    assert engine.claim(emr.pk) is None
    assert (row(pk).next_try_at, row(pk).attempts) == (clock.at + timedelta(minutes=1), 1)
    clock.add(minutes=1)
    assert engine.claim(emr.pk)
    assert tokens(emr) == 0


def test_ten_first_tries_pay_for_one_repeat(emr: Destination, clock: Clock) -> None:
    for _n in range(10):
        owe(emr.clinic)
        claimed = engine.claim(emr.pk)
        assert claimed and results.settle(Attempt(claimed, None, 0.01, {}))
    assert tokens(emr) == pytest.approx(1.0)
    failed_before(emr, Failure.ERROR, clock)
    assert engine.claim(emr.pk)


@pytest.mark.parametrize("failure", [Failure.NO_ANSWER, Failure.UNREACHABLE, Failure.BUSY, ""])
def test_what_waited_for_the_destination_needs_no_token(emr: Destination, clock: Clock, failure: Failure) -> None:
    failed_before(emr, failure, clock)
    assert engine.claim(emr.pk)


def test_tokens_are_bounded_and_a_clock_set_back_takes_none(emr: Destination, clock: Clock) -> None:
    clock.add(days=30)
    owe(emr.clinic)
    assert engine.claim(emr.pk)
    assert tokens(emr) == budget.MOST
    clock.add(days=-30)
    failed_before(emr, Failure.ERROR, clock)
    clock.add(hours=1)
    Delivery.objects.update(leased_until=None)
    assert engine.claim(emr.pk)
    assert tokens(emr) >= budget.MOST - 1


def test_one_that_can_process_nothing_sees_about_one_repeat_a_minute(emr: Destination, clock: Clock) -> None:
    for _n in range(10):
        owe(emr.clinic)
    calls = repeats = 0
    for _step in range(60):
        while claimed := engine.claim(emr.pk):
            calls, repeats = calls + 1, repeats + (claimed.attempts > 1)
            assert results.settle(Attempt(claimed, NotDelivered(Failure.ERROR, "no"), 0.01, {}))
        clock.add(seconds=10)
    assert (calls - repeats, 8 <= repeats <= 11) == (10, True)


def test_repeats_that_are_taken_go_on_at_full_speed(emr: Destination, clock: Clock) -> None:
    Destination.objects.filter(pk=emr.pk).update(retry_tokens=1)
    for _n in range(5):
        failed_before(emr, Failure.ERROR, clock)
    for _n in range(5):
        claimed = engine.claim(emr.pk)
        assert claimed and results.settle(Attempt(claimed, None, 0.01, {}))
    assert tokens(emr) == 1


def test_all_repeats_wait_in_one_step_and_what_is_new_goes_on(
    emr: Destination, clock: Clock, django_assert_max_num_queries: Any
) -> None:
    bad = [failed_before(emr, Failure.ERROR, clock) for _n in range(30)]
    (new,) = owe(emr.clinic)
    with django_assert_max_num_queries(20):
        claimed = engine.claim(emr.pk)
    assert claimed and claimed.pk == new
    assert {row(pk).next_try_at for pk in bad} == {clock.at + timedelta(minutes=1)}
