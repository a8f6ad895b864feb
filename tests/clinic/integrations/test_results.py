"""What follows from a try: for the row, and for the health of its destination."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

import pytest

from clinic.integrations import engine, jobs, results
from clinic.integrations.engine import Attempt
from clinic.integrations.parcel import NotDelivered
from clinic.models import Clinic, Delivery, Destination, RemoteRecord
from clinic.models.deliveries import GIVE_UP_AFTER, Failure
from clinic.states import Verb
from tests.clinic.conftest import Clock
from tests.clinic.owed import owe, row
from tests.clinic.receiver import Behaviour, Receiver
from tests.factories import make_destination

pytestmark = pytest.mark.django_db

AWAY = sorted(results.AWAY)


@pytest.fixture
def emr(harbor: Clinic) -> Destination:
    """One that nobody calls: each test says how a try went."""
    return make_destination(harbor, seconds=10)


def tried(
    destination: Destination, problem: NotDelivered | None = None, seconds: float = 0.01, **remote: str
) -> Delivery:
    """Claims the next delivery and settles it as told."""
    claimed = engine.claim(destination.pk)
    assert claimed
    assert results.settle(Attempt(claimed, problem, seconds, remote))
    return row(claimed.pk)


def fresh(destination: Destination) -> Destination:
    return Destination.objects.get(pk=destination.pk)


def failed(failure: Failure, **more: Any) -> NotDelivered:
    return NotDelivered(failure, "why", **more)


def make_ill(destination: Destination, clock: Clock) -> None:
    Destination.objects.filter(pk=destination.pk).update(is_ill=True, ill_since=clock.at, failures=3)


@pytest.mark.parametrize("attempts,longest", [(1, 10), (2, 20), (3, 40), (9, 2560), (10, 3600), (1000, 3600)])
def test_wait_is_full_jitter_from_5_s_to_1_h(monkeypatch: pytest.MonkeyPatch, attempts: int, longest: int) -> None:
    for name, wanted in (("min", 5), ("max", longest)):
        monkeypatch.setattr(random, "uniform", {"min": min, "max": max}[name])
        assert results.wait_seconds(attempts) == wanted


def test_waits_differ() -> None:
    waits = {round(results.wait_seconds(8)) for _n in range(50)}
    assert len(waits) > 10
    assert all(5 <= wait <= 1280 for wait in waits)


def test_failed_try_waits_in_the_row_and_says_why(harbor: Clinic, emr: Destination, clock: Clock) -> None:
    owe(harbor)
    after = tried(emr, failed(Failure.ERROR))
    assert (after.state, after.last_failure, after.last_error) == ("pending", "error", "why")
    assert timedelta(seconds=5) <= after.next_try_at - clock.at <= timedelta(seconds=10)
    assert (after.attempts, after.leased_until, engine.claim(emr.pk)) == (1, None, None)


def test_repeat_has_the_same_key_and_the_same_body(
    harbor: Clinic, receiver: Receiver, no_redis: list[Any], clock: Clock
) -> None:
    emr = make_destination(harbor, receiver.url)
    (pk,) = owe(harbor)
    for status in (500, 503, 200):
        receiver.now = Behaviour(status)
        jobs.deliver(emr.pk)
        clock.add(hours=1)
    assert {(post.headers["webhook-id"], post.body) for post in receiver.posts} == {
        (row(pk).key, row(pk).body.encode())
    }
    assert (len(receiver.posts), row(pk).attempts, row(pk).state) == (3, 3, "delivered")


def test_retry_after_is_obeyed_by_the_row_and_by_the_destination(
    harbor: Clinic, emr: Destination, clock: Clock
) -> None:
    for _n in range(2):
        owe(harbor)
    after = tried(emr, failed(Failure.BUSY, retry_after=7200))
    assert after.next_try_at - clock.at == timedelta(hours=2)
    clock.add(seconds=7199)
    assert engine.claim(emr.pk) is None, "nor is another message sent to it meanwhile"
    clock.add(seconds=1)
    assert engine.claim(emr.pk)


def test_last_try_is_at_the_very_end_and_then_it_is_given_up(
    harbor: Clinic, emr: Destination, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    (pk,) = owe(harbor)
    clock.add(hours=10)
    after = tried(emr, failed(Failure.ERROR, retry_after=9e9))
    assert after.next_try_at == after.created_at + GIVE_UP_AFTER
    clock.at = after.next_try_at - timedelta(seconds=1)
    assert engine.claim(emr.pk) is None
    clock.add(seconds=1)
    assert (tried(emr, failed(Failure.ERROR)).state, row(pk).attempts) == ("dead", 2)
    assert "delivery given up: why" in caplog.text
    assert "Miller" not in caplog.text


@pytest.mark.parametrize("failure", [Failure.REJECTED])
def test_what_it_will_never_take_is_given_up_at_once(
    harbor: Clinic, emr: Destination, clock: Clock, failure: Failure
) -> None:
    owe(harbor)
    assert tried(emr, failed(failure)).state == "dead"
    assert not fresh(emr).is_ill


def test_what_it_cannot_process_is_given_up_after_the_tries_that_its_kind_allows(
    harbor: Clinic, emr: Destination, clock: Clock
) -> None:
    owe(harbor)
    for _n in range(2):
        tried(emr, failed(Failure.UNREACHABLE))
        clock.add(hours=1)
    states = []
    for _n in range(3):
        states.append(tried(emr, failed(Failure.ERROR, most_tries=3)).state)
        clock.add(hours=1)
    assert states == ["pending", "pending", "dead"]


def test_one_that_wants_no_more_is_paused_and_loses_nothing(
    harbor: Clinic, emr: Destination, clock: Clock
) -> None:
    owe(harbor)
    after = tried(emr, failed(Failure.GONE))
    assert (after.state, fresh(emr).is_paused, fresh(emr).paused_because) == ("pending", True, "why")
    clock.add(days=9)
    assert engine.claim(emr.pk) is None


@pytest.mark.parametrize("failure", AWAY)
def test_one_that_is_away_is_ill_and_probed_with_growing_waits(
    harbor: Clinic, emr: Destination, clock: Clock, monkeypatch: pytest.MonkeyPatch, failure: Failure
) -> None:
    monkeypatch.setattr(random, "uniform", max)
    for _n in range(9):
        owe(harbor)
    make_ill(emr, clock)
    Destination.objects.update(failures=0)
    waits = []
    for _n in range(9):
        tried(emr, failed(failure))
        waits.append((probe_of(emr) - clock.at).total_seconds())
        clock.at = probe_of(emr) - timedelta(seconds=1)
        assert engine.claim(emr.pk) is None
        clock.add(seconds=1)
    assert waits == [10, 20, 40, 80, 160, 300, 300, 300, 300]
    assert (fresh(emr).is_ill, fresh(emr).last_error) == (True, "why")


def probe_of(destination: Destination) -> datetime:
    at = fresh(destination).next_probe_at
    assert at
    return at


@pytest.mark.parametrize("failure", [Failure.NO_ANSWER, Failure.UNREACHABLE])
def test_call_that_was_cut_in_the_healthy_pool_goes_on_at_once_among_the_ill(
    harbor: Clinic, emr: Destination, clock: Clock, failure: Failure
) -> None:
    (pk,) = owe(harbor)
    after = tried(emr, failed(failure), seconds=0.99)
    assert (after.next_try_at, fresh(emr).next_probe_at, fresh(emr).job_queue) == (clock.at, None, "ill")
    assert tried(emr, failed(Failure.NO_ANSWER)).pk == pk
    assert probe_of(emr) > clock.at


def test_slow_one_stays_among_the_ill_and_goes_on_without_a_wait(
    harbor: Clinic, emr: Destination, clock: Clock
) -> None:
    for _n in range(2):
        owe(harbor)
    assert tried(emr, seconds=1.7).state == "delivered"
    assert (fresh(emr).is_ill, fresh(emr).next_probe_at) == (True, None)
    assert fresh(emr).last_error == "slow: the last answer took 1.7 s"
    assert tried(emr, seconds=1.7).state == "delivered"


@pytest.mark.parametrize("problem", [None, failed(Failure.ERROR), failed(Failure.REJECTED)])
def test_quick_answer_makes_it_well_whatever_it_says(
    harbor: Clinic, emr: Destination, clock: Clock, problem: NotDelivered | None
) -> None:
    owe(harbor)
    make_ill(emr, clock)
    tried(emr, problem)
    well = fresh(emr)
    said = "why" if problem else ""
    assert (well.is_ill, well.ill_since, well.failures, well.last_error) == (False, None, 0, said)


def test_recovery_brings_forward_what_waited_for_it_and_not_what_failed_by_itself(
    harbor: Clinic, emr: Destination, clock: Clock
) -> None:
    away, bad, suspect, probe = (owe(harbor)[0] for _n in range(4))
    later = clock.at + timedelta(minutes=50)
    for pk, failure in ((away, Failure.NO_ANSWER), (bad, Failure.ERROR), (suspect, Failure.NO_ANSWER)):
        Delivery.objects.filter(pk=pk).update(next_try_at=later, last_failure=failure)
    Delivery.objects.filter(pk=suspect).update(attempts=results.SUSPECT)
    make_ill(emr, clock)
    assert tried(emr).pk == probe
    assert [row(pk).next_try_at for pk in (away, bad, suspect)] == [clock.at, later, later]


def test_ill_one_gives_up_what_is_too_old_though_it_was_never_tried(
    harbor: Clinic, emr: Destination, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    old = owe(harbor, Verb.CALL)
    make_ill(emr, clock)
    clock.add(hours=72)
    (new,) = owe(harbor)
    assert (results.expire(), results.expire()) == (2, 0)
    assert [row(pk).state for pk in (*old, new)] == ["dead", "dead", "pending"]
    assert f"2 deliveries to {emr.pk} given up" in caplog.text


@pytest.mark.parametrize("changes", [{"is_ill": False, "ill_since": None}, {"is_paused": True}])
def test_healthy_or_paused_one_gives_up_nothing_untried(
    harbor: Clinic, emr: Destination, clock: Clock, changes: dict[str, Any]
) -> None:
    owe(harbor)
    make_ill(emr, clock)
    Destination.objects.update(**changes)
    clock.add(hours=100)
    assert results.expire() == 0


def test_what_the_destination_calls_it_is_kept_even_when_the_rest_failed(
    harbor: Clinic, emr: Destination, clock: Clock
) -> None:
    owe(harbor, Verb.CALL)
    tried(emr, failed(Failure.ERROR), Patient="p1")
    assert RemoteRecord.objects.get().ids == {"Patient": "p1"}
    clock.add(minutes=1)
    tried(emr, None, Patient="p1", Encounter="e9")
    assert RemoteRecord.objects.get().ids == {"Patient": "p1", "Encounter": "e9"}
