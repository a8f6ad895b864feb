"""What the jobs add to the engine: one waiting job a destination, the right pool, the next in line, the sweep."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import redis
from django.db import DatabaseError

from clinic.integrations import engine, jobs
from clinic.models import Clinic, Delivery, Destination
from clinic.states import Verb
from realtime import job_queues
from tests.clinic.conftest import Clock
from tests.clinic.owed import owe, row
from tests.clinic.receiver import Receiver
from tests.factories import make_clinic, make_destination

pytestmark = pytest.mark.django_db


def waiting(name: str) -> list[list[int]]:
    return [job.args for job in job_queues.get(name).jobs]


def test_next_of_the_destination_is_asked_for_as_soon_as_one_is_done(
    harbor: Clinic, emr: Destination, no_redis: list[Any]
) -> None:
    owe(harbor, Verb.CALL)
    no_redis.clear()
    jobs.deliver(emr.pk)
    assert no_redis == [("integrations", jobs.deliver, emr.pk)]
    jobs.deliver(emr.pk)
    assert len(no_redis) == 1, "nothing more is due"


def test_destination_that_falls_ill_goes_on_in_its_own_pool(
    harbor: Clinic, emr: Destination, no_redis: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    owe(harbor)
    owe(harbor)
    no_redis.clear()
    monkeypatch.setattr(engine, "monotonic", iter([0.0, 2.0]).__next__)
    jobs.deliver(emr.pk)
    assert no_redis == [("ill", jobs.deliver, emr.pk)]


def test_a_destination_has_one_waiting_job_however_much_is_due(
    harbor: Clinic, emr: Destination, live_redis: Any
) -> None:
    for _n in range(20):
        owe(harbor)
        jobs.ask(emr)
    assert jobs.sweep() == 0
    assert waiting("integrations") == [[emr.pk]]


def test_what_comes_while_its_job_runs_is_asked_for_anew(
    harbor: Clinic, emr: Destination, live_redis: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing_yet(*words: Any) -> None:
        owe(harbor)
        jobs.ask(emr)

    jobs.ask(emr)
    job_queues.get("integrations").empty()
    monkeypatch.setattr(engine, "claim", nothing_yet)
    jobs.deliver(emr.pk)
    assert waiting("integrations") == [[emr.pk]]


@pytest.mark.parametrize("queue,is_ill,goes", [("integrations", True, "ill"), ("ill", False, "integrations")])
def test_job_in_the_wrong_pool_is_sent_on_and_sends_nothing(
    harbor: Clinic,
    receiver: Receiver,
    no_redis: list[Any],
    monkeypatch: pytest.MonkeyPatch,
    queue: str,
    is_ill: bool,
    goes: str,
) -> None:
    emr = make_destination(harbor, receiver.url, is_ill=is_ill)
    (pk,) = owe(harbor)
    no_redis.clear()
    monkeypatch.setattr(jobs, "get_current_job", lambda: SimpleNamespace(origin=queue))
    assert jobs.deliver(emr.pk) == "again"
    assert (no_redis, receiver.posts, row(pk).attempts) == ([(goes, jobs.deliver, emr.pk)], [], 0)


def test_job_that_the_database_refuses_says_the_kind_of_error_only(
    emr: Destination, no_redis: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*words: Any) -> None:
        raise DatabaseError("DETAIL: Failing row contains (Bob, Miller)")

    monkeypatch.setattr(engine, "claim", refuse)
    with pytest.raises(jobs.JobFailed) as failed:
        jobs.deliver(emr.pk)
    assert str(failed.value) == "DatabaseError"
    assert failed.value.__suppress_context__


def test_destination_that_does_not_exist_has_nothing(no_redis: list[Any]) -> None:
    assert jobs.deliver(4711) == "nothing"


def test_redis_that_goes_away_in_the_middle_undoes_nothing(
    harbor: Clinic, emr: Destination, receiver: Receiver
) -> None:
    with pytest.raises(redis.RedisError):
        jobs.ask(emr)
    owe(harbor, Verb.CALL)
    assert jobs.deliver(emr.pk) == "tried"
    assert list(Delivery.objects.values_list("state", flat=True)) == ["delivered", "pending"]
    assert len(receiver.posts) == 1


def test_sweep_finds_what_redis_forgot_and_a_dead_worker_held(
    harbor: Clinic, emr: Destination, live_redis: Any, clock: Clock
) -> None:
    held = make_destination(harbor, name="Held")
    owe(harbor)
    engine.claim(held.pk)
    assert jobs.sweep() == 1
    assert waiting("integrations") == [[emr.pk]]
    live_redis.flushall()
    clock.add(minutes=2)
    assert jobs.sweep() == 2


def test_job_that_was_lost_is_asked_for_again_and_one_that_waits_long_is_not(
    harbor: Clinic, emr: Destination, live_redis: Any
) -> None:
    owe(harbor)
    assert (jobs.sweep(), jobs.sweep()) == (1, 0)
    (claim,) = live_redis.keys("evenkeel:waiting:*")
    live_redis.delete(claim)
    assert jobs.sweep() == 0, "its claim lapsed; it waits all the same"
    job_queues.get("integrations").empty()
    jobs.ask(emr)
    job_queues.get("integrations").empty()
    assert live_redis.exists(claim)
    assert (jobs.sweep(), waiting("integrations")) == (1, [[emr.pk]])


def test_sweep_asks_for_the_ill_in_their_own_pool_and_only_when_a_probe_is_due(
    harbor: Clinic, emr: Destination, live_redis: Any, clock: Clock
) -> None:
    inland = make_clinic("inland")
    ill = make_destination(inland, is_ill=True)
    resting = make_destination(inland, name="Resting", is_ill=True, next_probe_at=clock.at)
    owe(inland)
    owe(harbor)
    clock.add(seconds=-1)
    assert jobs.sweep() == 0
    clock.add(seconds=1)
    Destination.objects.filter(pk=resting.pk).update(next_probe_at="2100-01-01T00:00Z")
    assert jobs.sweep() == 2
    assert (waiting("integrations"), waiting("ill")) == ([[emr.pk]], [[ill.pk]])


def test_job_that_finds_its_destination_held_comes_again(
    emr: Destination, no_redis: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who holds the row may have looked before what this job was asked for was there."""

    def held(*words: Any) -> None:
        raise engine.AskAgain(emr)

    monkeypatch.setattr(engine, "claim", held)
    assert (jobs.deliver(emr.pk), no_redis) == ("again", [("integrations", jobs.deliver, emr.pk)])
