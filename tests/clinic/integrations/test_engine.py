"""Which delivery goes next, who may send it, and what a dead or late worker can do: nothing."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from clinic.integrations import engine, jobs, results, webhook
from clinic.integrations.parcel import Parcel
from clinic.logs import Formatter
from clinic.models import Clinic, Delivery, Destination
from clinic.states import Verb
from realtime import deadline
from tests.clinic.conftest import Clock
from tests.clinic.owed import owe, row
from tests.clinic.receiver import Behaviour, Receiver
from tests.factories import make_clinic, make_destination

pytestmark = pytest.mark.django_db


def keys(receiver: Receiver) -> list[str]:
    return [post.headers["webhook-id"] for post in receiver.posts]


def test_delivery_is_sent_once_and_written_down(
    harbor: Clinic, emr: Destination, receiver: Receiver, no_redis: list[Any], clock: Clock
) -> None:
    (pk,) = owe(harbor)
    assert (jobs.deliver(emr.pk), jobs.deliver(emr.pk)) == ("tried", "nothing")
    done = row(pk)
    assert (done.state, done.attempts, done.delivered_at, done.leased_until) == ("delivered", 1, clock.at, None)
    assert keys(receiver) == [done.key]


def test_order_is_kept_within_a_visit_while_another_passes(
    harbor: Clinic, emr: Destination, receiver: Receiver, no_redis: list[Any]
) -> None:
    first, second = owe(harbor, Verb.CALL)
    (other,) = owe(harbor)
    receiver.now = Behaviour(500)
    jobs.deliver(emr.pk)
    receiver.now = Behaviour(200)
    assert (jobs.deliver(emr.pk), jobs.deliver(emr.pk)) == ("tried", "nothing")
    assert [row(pk).state for pk in (first, second, other)] == ["pending", "pending", "delivered"]


@pytest.mark.parametrize(("state", "may_go"), [("dead", False), ("skipped", True), ("delivered", True)])
def test_one_that_was_given_up_holds_its_visit_until_it_is_skipped(
    harbor: Clinic, emr: Destination, clock: Clock, state: str, may_go: bool
) -> None:
    first, second = owe(harbor, Verb.CALL)
    Delivery.objects.filter(pk=first).update(state=state, delivered_at=clock.at)
    claimed = engine.claim(emr.pk)
    assert (claimed.pk if claimed else None) == (second if may_go else None)


def test_stuck_destination_does_not_hold_the_same_visit_at_another(
    harbor: Clinic, emr: Destination, no_redis: list[Any]
) -> None:
    down = make_destination(harbor, name="Down")
    owe(harbor, Verb.CALL)
    for destination in (down, emr, down, emr):
        jobs.deliver(destination.pk)
    states = {(r.destination.name, r.event.sequence, r.state) for r in Delivery.objects.all()}
    assert states == {
        ("EMR", 1, "delivered"),
        ("EMR", 2, "delivered"),
        ("Down", 1, "pending"),
        ("Down", 2, "pending"),
    }


def test_new_ones_go_before_a_backlog_and_each_in_its_order(
    harbor: Clinic, emr: Destination, receiver: Receiver, no_redis: list[Any], clock: Clock
) -> None:
    backlog = [owe(harbor)[0] for _n in range(3)]
    clock.add(hours=8)
    new = [owe(harbor)[0] for _n in range(2)]
    for _n in range(5):
        jobs.deliver(emr.pk)
    assert keys(receiver) == [row(pk).key for pk in [*new, *backlog]]


def test_new_event_of_a_visit_with_a_backlog_waits_for_it(harbor: Clinic, emr: Destination, clock: Clock) -> None:
    first, second = owe(harbor, Verb.CALL)
    Delivery.objects.filter(pk=first).update(created_at=clock.at)
    clock.add(hours=8)
    Delivery.objects.filter(pk=second).update(created_at=clock.at)
    claimed = engine.claim(emr.pk)
    assert claimed and claimed.pk == first


def test_paused_destination_keeps_its_rows_until_it_goes_on(
    harbor: Clinic, emr: Destination, receiver: Receiver, no_redis: list[Any]
) -> None:
    (pk,) = owe(harbor)
    Destination.objects.update(is_paused=True)
    assert (jobs.deliver(emr.pk), row(pk).attempts, receiver.posts) == ("nothing", 0, [])
    Destination.objects.update(is_paused=False)
    assert jobs.deliver(emr.pk) == "tried"
    assert row(pk).state == "delivered"


def test_one_call_in_flight_a_destination(harbor: Clinic, emr: Destination, clock: Clock) -> None:
    for _n in range(2):
        owe(harbor)
    assert engine.claim(emr.pk)
    assert engine.claim(emr.pk) is None
    clock.add(seconds=emr.seconds + 31)
    assert engine.claim(emr.pk)


def test_lapsed_lease_is_taken_up_and_the_old_worker_changes_nothing(
    harbor: Clinic, emr: Destination, clock: Clock
) -> None:
    (pk,) = owe(harbor)
    old = engine.claim(emr.pk)
    assert old
    clock.add(seconds=emr.seconds + 31)
    new = engine.claim(emr.pk)
    assert new and (new.fence, new.attempts) == (2, 2)
    old.destination.url = "http://127.0.0.1:1/"
    assert results.settle(engine.attempt(old)) is False
    assert (row(pk).fence, row(pk).last_error, row(pk).leased_until) == (2, "", new.leased_until)
    assert not Destination.objects.get().is_ill
    assert results.settle(engine.attempt(new)) is True
    assert row(pk).state == "delivered"


def test_late_success_of_an_old_worker_is_ignored(harbor: Clinic, emr: Destination, clock: Clock) -> None:
    (pk,) = owe(harbor)
    old = engine.claim(emr.pk)
    clock.add(seconds=emr.seconds + 31)
    assert old and engine.claim(emr.pk)
    assert results.settle(engine.attempt(old)) is False
    assert row(pk).state == "pending"


def test_delivery_of_a_worker_that_dies_in_the_call_is_still_owed(
    harbor: Clinic,
    emr: Destination,
    receiver: Receiver,
    no_redis: list[Any],
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def die(row: Delivery) -> None:
        raise SystemExit

    (pk,) = owe(harbor)
    with monkeypatch.context() as patched, pytest.raises(SystemExit):
        patched.setattr(engine, "attempt", die)
        jobs.deliver(emr.pk)
    assert (row(pk).state, receiver.posts) == ("pending", [])
    clock.add(seconds=emr.seconds + 31)
    assert jobs.deliver(emr.pk) == "tried"
    assert (row(pk).state, len(receiver.posts)) == ("delivered", 1)


def test_unforeseen_error_waits_as_any_failure_does(
    harbor: Clinic,
    emr: Destination,
    no_redis: list[Any],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def explode(parcel: Parcel) -> None:
        raise KeyError(json.loads(parcel.body)["data"]["visit"]["family_name"])

    monkeypatch.setattr(webhook, "send", explode)
    (pk,) = owe(harbor)
    assert jobs.deliver(emr.pk) == "tried"
    assert (row(pk).last_error, row(pk).last_failure) == ("could not be sent: KeyError", "error")
    lines = [Formatter("%(message)s").format(record) for record in caplog.records]
    assert any("KeyError" in line for line in lines) and not any("Miller" in line for line in lines)
    assert engine.claim(emr.pk) is None


def test_process_that_may_begin_no_call_gives_the_row_back(
    harbor: Clinic, emr: Destination, receiver: Receiver, no_redis: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    (pk,) = owe(harbor)
    with monkeypatch.context() as patched:
        patched.setattr(deadline, "exhausted", lambda: True)
        jobs.deliver(emr.pk)
    kept = row(pk)
    assert (kept.state, kept.leased_until, kept.last_error, receiver.posts) == ("pending", None, "", [])
    assert not Destination.objects.get().is_ill
    assert jobs.deliver(emr.pk) == "tried"
    assert row(pk).state == "delivered"


@pytest.mark.parametrize(("is_ill", "seconds"), [(False, engine.CUT_SECONDS), (True, 7)])
def test_healthy_pool_cuts_a_call_and_the_ill_one_waits_its_whole_time_out(
    harbor: Clinic, emr: Destination, clock: Clock, monkeypatch: pytest.MonkeyPatch, is_ill: bool, seconds: float
) -> None:
    owe(harbor)
    Destination.objects.update(is_ill=is_ill, ill_since=clock.at if is_ill else None, seconds=7)
    allowed: list[float] = []
    monkeypatch.setattr(engine, "send", lambda parcel: allowed.append(parcel.seconds))
    claimed = engine.claim(emr.pk)
    assert claimed is not None and engine.attempt(claimed).problem is None
    assert allowed == [seconds]


@pytest.mark.django_db(transaction=True)
def test_one_of_many_workers_gets_the_claim(receiver: Receiver, no_redis: list[Any]) -> None:
    clinic = make_clinic()
    emr = make_destination(clinic, receiver.url)
    for _n in range(6):
        owe(clinic)
    gate = threading.Barrier(6)

    def claim(_n: int) -> Delivery | None:
        gate.wait(10)
        try:
            return engine.claim(emr.pk)
        except engine.AskAgain:
            return None
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        won = [claimed for claimed in pool.map(claim, range(6)) if claimed]
    assert len(won) == 1
    assert sorted(Delivery.objects.values_list("fence", "attempts"))[-1] == (1, 1)
