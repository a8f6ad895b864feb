"""What the jobs add to the engine: the right pool, the next in line, the sweep."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.db import DatabaseError

from clinic.integrations import engine, jobs
from clinic.models import Clinic, Destination
from clinic.states import Verb
from realtime import job_queues
from tests.clinic.conftest import Clock
from tests.clinic.owed import owe, row
from tests.clinic.receiver import Receiver
from tests.factories import make_clinic, make_destination

pytestmark = pytest.mark.django_db


def test_next_of_the_visit_is_asked_for_as_soon_as_one_is_done(
    harbor: Clinic, emr: Destination, no_redis: list[Any]
) -> None:
    first, second = owe(harbor, Verb.CALL)
    no_redis.clear()
    jobs.deliver(first)
    assert no_redis == [("integrations", jobs.deliver, second)]


@pytest.mark.parametrize(
    ("queue", "is_ill", "goes"), [("integrations", True, "ill"), ("ill", False, "integrations")]
)
def test_job_in_the_wrong_pool_is_sent_on_and_sends_nothing(
    harbor: Clinic,
    receiver: Receiver,
    no_redis: list[Any],
    monkeypatch: pytest.MonkeyPatch,
    queue: str,
    is_ill: bool,
    goes: str,
) -> None:
    make_destination(harbor, receiver.url, is_ill=is_ill)
    (pk,) = owe(harbor)
    no_redis.clear()
    monkeypatch.setattr(jobs, "get_current_job", lambda: SimpleNamespace(origin=queue))
    assert jobs.deliver(pk) == "moved"
    assert (no_redis, receiver.posts, row(pk).attempts) == ([(goes, jobs.deliver, pk)], [], 0)


def test_job_that_the_database_refuses_says_the_kind_of_error_only(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(pk: int) -> None:
        raise DatabaseError("DETAIL: Failing row contains (Bob, Miller)")

    monkeypatch.setattr(engine, "claim", refuse)
    with pytest.raises(jobs.JobFailed) as failed:
        jobs.deliver(1)
    assert str(failed.value) == "DatabaseError"
    assert failed.value.__suppress_context__


def test_delivery_that_does_not_exist_is_not_mine() -> None:
    assert jobs.deliver(4711) == "not mine"


def test_sweep_finds_what_redis_forgot_and_a_dead_worker_held(
    harbor: Clinic, emr: Destination, live_redis: Any, clock: Clock
) -> None:
    (forgotten,), (held,) = owe(harbor), owe(harbor)
    engine.claim(held)
    assert jobs.sweep() == 1
    assert [job.args for job in job_queues.get("integrations").jobs] == [[forgotten]]
    assert jobs.sweep() == 0, "what waits in the queue is not asked for twice"
    live_redis.flushall()
    clock.add(minutes=2)
    assert jobs.sweep() == 2


def test_sweep_of_the_healthy_is_not_held_up_by_the_ill(
    harbor: Clinic, emr: Destination, live_redis: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    inland = make_clinic("inland")
    make_destination(inland, is_ill=True)
    for _n in range(3):
        owe(inland)
    (pk,) = owe(harbor)
    monkeypatch.setattr(jobs, "MOST_SWEPT", 2)
    assert jobs.sweep() == 3
    assert job_queues.depths() | {"notices": 0} == {
        "notices": 0,
        "integrations": 1,
        "default": 0,
        "low": 0,
        "ill": 2,
    }
    assert job_queues.get("integrations").jobs[0].args == [pk]
