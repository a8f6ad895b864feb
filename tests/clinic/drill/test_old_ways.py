"""The designs of before, at a real Valkey, with the vendor's own SDK and its stand-in."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from django.db import transaction
from rq.job import Job

from clinic.drill import calls, old_ways
from clinic.drill.ways import WAYS, Way
from realtime import breaker, job_queues, jobs, notices
from realtime.models import Topic
from tests.realtime.standin_rig import Rig
from tests.waiting import until


@pytest.fixture
def topic(db: None) -> Topic:
    return Topic.objects.create(version=7)


def waiting() -> list[Job]:
    return list(job_queues.get("notices").get_jobs())


@pytest.mark.parametrize("design", WAYS)
def test_each_change_is_a_job_of_its_own(
    design: str, live_redis: Any, transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the load has it: in the place of Evenkeel's one waiting job."""
    monkeypatch.setattr(jobs, "announce_dirty", old_ways.announcer(design))
    topic = Topic.objects.create()
    for _change in range(3):
        with transaction.atomic():
            notices.announce(notices.lock(topic.pk))
    until(lambda: len(waiting()) == 3)
    job = waiting()[0]
    assert (job.func_name, job.args) == ("clinic.drill.old_ways.publish", [design, topic.name])
    assert (job.retries_left or 0) == WAYS[design].retries


def test_job_publishes_the_version_and_notes_the_call(live_redis: Any, topic: Topic, vendor: Rig) -> None:
    vendor.control("POST", "/__reset")
    assert old_ways.publish("incident", topic.name) == "published"
    (request,) = vendor.seen()["requests"]
    assert request["path"] == f"/channels/evenkeel:{topic.name}/messages"
    assert json.loads(request["body"]).items() >= {"name": "changed", "data": "7"}.items()
    assert len(calls.spans(live_redis, until=0)) == 1


def test_making_of_the_client_counts_as_held_too(
    live_redis: Any, topic: Topic, vendor: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Evenkeel's own worker is timed: `send` makes its client inside."""
    made, held = old_ways.client_of, list[int]()

    def client_of(way: Way) -> Any:
        held.append(live_redis.hlen(calls.NOW))
        return made(way)

    monkeypatch.setattr(old_ways, "client_of", client_of)
    old_ways.publish("incident", topic.name)
    assert held == [1]
    assert live_redis.hlen(calls.NOW) == 0


def test_vendors_failure_fails_the_job(live_redis: Any, topic: Topic, vendor: Rig) -> None:
    vendor.fault("refuse")
    with pytest.raises(httpx.ConnectError):
        old_ways.publish("incident", topic.name)


def test_shared_breaker_stops_the_calls(live_redis: Any, topic: Topic, vendor: Rig) -> None:
    """After as many failures as it wants, the job ends at once, and the vendor hears nothing."""
    vendor.fault("refuse")
    for _call in range(breaker.MINIMUM):
        with pytest.raises(httpx.ConnectError):
            old_ways.publish("breaker", topic.name)
    vendor.fault("ok")
    vendor.control("POST", "/__reset")
    assert old_ways.publish("breaker", topic.name) == "open"
    assert vendor.seen()["requests"] == []
    assert len(calls.spans(live_redis, until=0)) == breaker.MINIMUM
