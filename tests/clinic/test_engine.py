from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from clinic.integrations import engine, jobs, webhook
from clinic.models import Clinic, Delivery, Destination
from clinic.models.deliveries import GIVE_UP_AFTER
from clinic.states import Verb
from tests.clinic.conftest import Clock
from tests.clinic.owed import owe, row
from tests.clinic.receiver import Behaviour, Receiver
from tests.factories import make_clinic, make_destination

pytestmark = pytest.mark.django_db


def test_delivery_is_sent_once_and_written_down(
    harbor: Clinic, emr: Destination, receiver: Receiver, no_redis: list[Any], clock: Clock
) -> None:
    (pk,) = owe(harbor)
    assert (jobs.deliver(pk), jobs.deliver(pk)) == ("tried", "not mine")
    done = row(pk)
    assert (done.state, done.attempts, done.delivered_at, done.leased_until) == ("delivered", 1, clock.at, None)
    assert len(receiver.posts) == 1


def test_order_is_kept_within_a_visit_while_another_passes(
    harbor: Clinic, emr: Destination, receiver: Receiver, no_redis: list[Any]
) -> None:
    first, second = owe(harbor, Verb.CALL)
    (other,) = owe(harbor)
    receiver.now = Behaviour(503)
    assert jobs.deliver(first) == "tried"
    receiver.now = Behaviour(200)
    assert (jobs.deliver(second), jobs.deliver(other)) == ("not mine", "tried")
    assert [row(pk).state for pk in (first, second, other)] == ["pending", "pending", "delivered"]


def test_stuck_destination_does_not_hold_the_same_visit_at_another(
    harbor: Clinic, emr: Destination, no_redis: list[Any]
) -> None:
    make_destination(harbor, name="Down")
    rows = owe(harbor, Verb.CALL)
    for pk in rows:
        jobs.deliver(pk)
    states = {(r.destination.name, r.event.sequence): r.state for r in Delivery.objects.all()}
    assert {key: state for key, state in states.items() if key[0] == "EMR"} == {
        ("EMR", 1): "delivered",
        ("EMR", 2): "delivered",
    }
    assert {state for key, state in states.items() if key[0] == "Down"} == {"pending"}


def test_repeat_has_the_same_key_and_the_same_body(
    harbor: Clinic, emr: Destination, receiver: Receiver, no_redis: list[Any], clock: Clock
) -> None:
    (pk,) = owe(harbor)
    for status in (500, 500, 200):
        receiver.now = Behaviour(status)
        jobs.deliver(pk)
        clock.add(hours=1)
    assert {(post.headers["webhook-id"], post.body) for post in receiver.posts} == {
        (row(pk).key, row(pk).body.encode())
    }
    assert (len(receiver.posts), row(pk).attempts, row(pk).state) == (3, 3, "delivered")


def test_failed_try_waits_in_the_row_and_says_why(
    harbor: Clinic, emr: Destination, receiver: Receiver, no_redis: list[Any], clock: Clock
) -> None:
    receiver.now = Behaviour(503)
    (pk,) = owe(harbor)
    jobs.deliver(pk)
    assert (row(pk).last_error, row(pk).leased_until) == ("it answered 503", None)
    assert timedelta(seconds=5) <= row(pk).next_try_at - clock.at <= timedelta(seconds=10)
    assert jobs.deliver(pk) == "not mine"


def test_retry_after_is_obeyed(
    harbor: Clinic, emr: Destination, receiver: Receiver, no_redis: list[Any], clock: Clock
) -> None:
    receiver.now = Behaviour(429, {"retry-after": "7200"})
    (pk,) = owe(harbor)
    jobs.deliver(pk)
    assert row(pk).next_try_at - clock.at == timedelta(hours=2)


@pytest.mark.parametrize(("attempts", "longest"), [(1, 10), (2, 20), (3, 40), (9, 2560), (10, 3600), (1000, 3600)])
def test_wait_is_full_jitter_from_5_s_to_1_h(monkeypatch: pytest.MonkeyPatch, attempts: int, longest: int) -> None:
    for name, wanted in (("min", 5), ("max", longest)):
        monkeypatch.setattr(random, "uniform", {"min": min, "max": max}[name])
        assert engine.wait_seconds(attempts, 0.0) == wanted
    assert engine.wait_seconds(attempts, 4000.0) == 4000.0


def test_waits_differ() -> None:
    waits = {round(engine.wait_seconds(8, 0.0)) for _n in range(50)}
    assert len(waits) > 10
    assert all(5 <= wait <= 1280 for wait in waits)


def test_delivery_is_given_up_after_72_hours_and_not_before(
    harbor: Clinic,
    emr: Destination,
    receiver: Receiver,
    no_redis: list[Any],
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    receiver.now = Behaviour(500, {"retry-after": "9999999"})
    first, second = owe(harbor, Verb.CALL)
    clock.add(hours=10)
    jobs.deliver(first)
    assert row(first).next_try_at == row(first).created_at + GIVE_UP_AFTER, "the last try is at the very end"
    clock.at = row(first).next_try_at - timedelta(seconds=1)
    assert jobs.deliver(first) == "not mine"
    clock.add(seconds=1)
    jobs.deliver(first)
    assert (row(first).state, row(first).attempts) == ("dead", 2)
    assert "given up: it answered 500" in caplog.text
    assert "Miller" not in caplog.text
    receiver.now = Behaviour(200)
    jobs.deliver(second)
    assert row(second).state == "delivered"


def test_paused_destination_keeps_its_rows_until_it_goes_on(
    harbor: Clinic, emr: Destination, receiver: Receiver, no_redis: list[Any]
) -> None:
    (pk,) = owe(harbor)
    Destination.objects.update(is_paused=True)
    assert (jobs.deliver(pk), row(pk).attempts, receiver.posts) == ("not mine", 0, [])
    Destination.objects.update(is_paused=False)
    assert jobs.deliver(pk) == "tried"
    assert row(pk).state == "delivered"


@pytest.mark.parametrize(
    ("seconds", "fails", "was_ill", "is_ill"),
    [(0, "", False, False), (2, "", False, True), (2, "slow 500", False, True), (0, "", True, False)],
)
def test_destination_is_ill_while_its_last_call_was_slow(
    harbor: Clinic, monkeypatch: pytest.MonkeyPatch, seconds: int, fails: str, was_ill: bool, is_ill: bool
) -> None:
    make_destination(harbor, is_ill=was_ill)
    (pk,) = owe(harbor)
    ticks = iter([0.0, float(seconds)])
    monkeypatch.setattr(engine, "monotonic", lambda: next(ticks))

    def send(call: webhook.Call) -> None:
        if fails:
            raise webhook.NotDelivered(fails)

    monkeypatch.setattr(webhook, "send", send)
    claimed = engine.claim(pk)
    assert claimed
    engine.attempt(claimed)
    assert Destination.objects.get().is_ill is is_ill


def test_silent_destination_is_cut_at_its_time_out_and_ill(
    harbor: Clinic, receiver: Receiver, no_redis: list[Any]
) -> None:
    make_destination(harbor, receiver.url, seconds=1)
    receiver.now = Behaviour(silent=True)
    (pk,) = owe(harbor)
    jobs.deliver(pk)
    assert row(pk).last_error == "no answer within 1 s"
    destination = Destination.objects.get()
    assert (destination.is_ill, destination.job_queue) == (True, "ill")


def test_lapsed_lease_is_taken_up_and_the_old_worker_changes_nothing(
    harbor: Clinic, emr: Destination, clock: Clock
) -> None:
    (pk,) = owe(harbor)
    old = engine.claim(pk)
    assert old and engine.claim(pk) is None
    clock.add(seconds=emr.seconds + 31)
    new = engine.claim(pk)
    assert new and (new.fence, new.attempts) == (2, 2)
    old.destination.url = "http://127.0.0.1:1/"
    engine.attempt(old)
    assert (row(pk).fence, row(pk).last_error, row(pk).leased_until) == (2, "", new.leased_until)
    engine.attempt(new)
    assert row(pk).state == "delivered"


def test_late_success_of_an_old_worker_is_ignored(harbor: Clinic, emr: Destination, clock: Clock) -> None:
    (pk,) = owe(harbor)
    old = engine.claim(pk)
    clock.add(seconds=emr.seconds + 31)
    assert old and engine.claim(pk)
    engine.attempt(old)
    assert row(pk).state == "pending"


def test_delivery_of_a_worker_that_dies_in_the_call_is_still_owed(
    harbor: Clinic,
    emr: Destination,
    receiver: Receiver,
    no_redis: list[Any],
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def die(call: webhook.Call) -> None:
        raise SystemExit

    (pk,) = owe(harbor)
    with monkeypatch.context() as patched, pytest.raises(SystemExit):
        patched.setattr(webhook, "send", die)
        jobs.deliver(pk)
    assert (row(pk).state, receiver.posts) == ("pending", [])
    clock.add(seconds=emr.seconds + 31)
    assert jobs.deliver(pk) == "tried"
    assert (row(pk).state, len(receiver.posts)) == ("delivered", 1)


def test_unforeseen_error_waits_as_any_failure_does(
    harbor: Clinic, emr: Destination, no_redis: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def explode(delivery: Delivery) -> None:
        raise KeyError("Miller")

    monkeypatch.setattr(webhook, "prepare", explode)
    (pk,) = owe(harbor)
    assert jobs.deliver(pk) == "tried"
    assert row(pk).last_error == "could not be sent: KeyError"
    assert engine.claim(pk) is None


@pytest.mark.django_db(transaction=True)
def test_one_of_many_workers_gets_the_claim(receiver: Receiver, no_redis: list[Any]) -> None:
    clinic = make_clinic()
    make_destination(clinic, receiver.url)
    (pk,) = owe(clinic)
    gate = threading.Barrier(6)

    def claim(_n: int) -> Delivery | None:
        gate.wait(10)
        try:
            return engine.claim(pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        won = [claimed for claimed in pool.map(claim, range(6)) if claimed]
    assert len(won) == 1
    assert (row(pk).fence, row(pk).attempts) == (1, 1)
