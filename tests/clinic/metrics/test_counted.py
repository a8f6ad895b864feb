"""What processes count on their way is found at /metrics of any of them."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from clinic.integrations import jobs as deliveries
from clinic.models import Clinic, Destination
from clinic.running import worker
from realtime import breaker, heartbeats, job_queues, jobs, notices, redis_link, switch, tally
from realtime.breaker import Breaker
from realtime.models import Desired, Switch, Topic
from tests.clinic.owed import owe
from tests.clinic.scrape import Figures, figures
from tests.waiting import until

pytestmark = pytest.mark.django_db


def handed_over() -> Figures:
    tally.hand_over()
    return figures()


def test_requests_by_route_and_never_by_address(harbor: Clinic, live_redis: Any) -> None:
    Client().get("/pair/kiosk/?name=Planted")
    Client().get("/nowhere/Planted/")
    found = handed_over()
    assert found["evenkeel_request_seconds_count", "/pair/<slug:kind>/"] == 1
    assert found["evenkeel_requests_total", "(none)", "404"] == 1
    assert "Planted" not in str(found)


@pytest.mark.django_db(transaction=True)
def test_ring_is_timed_from_the_commit(live_redis: Any) -> None:
    topic = Topic.objects.create()
    notices._ring(topic.name, 2)
    until(lambda: handed_over()["evenkeel_commit_to_ring_seconds_count",] == 1)
    assert figures()["evenkeel_commit_to_ring_seconds_sum",] < 1


def test_ring_that_redis_does_not_take_is_lost(live_redis: Any, settings: Any) -> None:
    redis_link.thread._alone_until = time.monotonic() + 60
    notices._ring("a" * 26, 2)
    until(lambda: handed_over()["evenkeel_rings_lost_total",] == 1)
    assert figures()["evenkeel_commit_to_ring_seconds_count",] == 0


def test_job_is_timed_from_its_enqueueing_and_its_end_counted(live_redis: Any, settings: Any) -> None:
    job_queues.enqueue("low", abs, 1)
    job_queues.enqueue("low", abs, "no number")
    connection = redis.Redis(**{**settings.REDIS_KWARGS, **worker.redis_options()})
    worker._worker("general", connection).work(burst=True)
    connection.close()
    found = handed_over()
    assert found["evenkeel_job_start_delay_seconds_count", "low"] == 2
    assert (found["evenkeel_jobs_total", "finished", "low"], found["evenkeel_jobs_total", "failed", "low"]) == (
        1,
        1,
    )


def test_fan_out_tells_of_gate_and_path(live_redis: Any, settings: Any) -> None:
    settings.ABLY_PUBLISH_KEY = settings.ABLY_SUBSCRIBE_KEY = "demo.key:secret"
    switch.flip(Desired.OFF, by="olu", reason="a drill", length=None)
    jobs.announce_dirty(Topic.objects.create().name)
    jobs.fan_out()
    found = handed_over()
    assert found["evenkeel_gate_decisions_total", "shut", "switch"] == 1
    assert (found["evenkeel_notices_total", "channels"], found["evenkeel_notices_total", "ably"]) == (1, 0)
    assert (found["evenkeel_switch_on",], found["evenkeel_gate_open",]) == (0, 0)


def test_breaker_and_gate_as_they_stand(live_redis: Any, settings: Any) -> None:
    settings.ABLY_PUBLISH_KEY = settings.ABLY_SUBSCRIBE_KEY = "demo.key:secret"
    live_redis.hset(breaker.STATE, mapping={"state": "open", "until": int(time.time() * 1000) + 9_000})
    Breaker(live_redis).force("closed", why="a drill")
    found = figures()
    assert [found["evenkeel_breaker_state", state] for state in ("closed", "half-open", "open")] == [1, 0, 0]
    assert found["evenkeel_breaker_changes_total", "forced closed", "auto"] == 1
    assert (found["evenkeel_switch_on",], found["evenkeel_gate_open",]) == (1, 1)
    Breaker(live_redis).force("auto", why="the drill is over")
    found = figures()
    assert [found["evenkeel_breaker_state", state] for state in ("closed", "half-open", "open")] == [0, 0, 1]
    assert (found["evenkeel_vendor_configured",], found["evenkeel_gate_open",]) == (1, 0)


def test_switch_whose_time_is_up_is_on_before_that_is_written_down(live_redis: Any) -> None:
    switch.flip(Desired.OFF, by="olu", reason="a drill", length=timedelta(hours=1))
    assert figures()["evenkeel_switch_on",] == 0
    Switch.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert figures()["evenkeel_switch_on",] == 1


@pytest.mark.parametrize("said", [{"ABLY_PUBLISH_KEY": "", "ABLY_SUBSCRIBE_KEY": ""}, {"VENDOR_FORCED_OFF": True}])
def test_vendor_that_is_not_to_be_used_is_told_apart_from_one_that_is_ill(
    live_redis: Any, settings: Any, said: dict[str, Any]
) -> None:
    for name, value in said.items():
        setattr(settings, name, value)
    found = figures()
    assert (found["evenkeel_vendor_configured",], found["evenkeel_gate_open",]) == (0, 0)
    assert found["evenkeel_breaker_state", "closed"] == 1


def test_tries_by_destination(harbor: Clinic, emr: Destination, live_redis: Any) -> None:
    owe(harbor)
    deliveries.deliver(emr.pk)
    assert handed_over()["evenkeel_delivery_tries_total", str(emr.pk), "taken"] == 1


def test_job_queues_and_processes(live_redis: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    job_queues.enqueue("low", abs, 1)
    for host, sockets, round_age in (("a", 40, 90), ("b", 2, 1)):
        monkeypatch.setattr(heartbeats.socket, "gethostname", lambda host=host: host)
        heartbeats.tell("web", [], sockets=sockets)
        heartbeats.tell("scheduler", [], round_age=round_age)
    found = figures()
    assert found["evenkeel_job_queue_depth", "low"] == 1
    assert found["evenkeel_job_queue_oldest_seconds", "low"] >= 0
    assert (found["evenkeel_processes", "web"], found["evenkeel_processes", "worker of any"]) == (2, 0)
    assert (found["evenkeel_sockets_open",], found["evenkeel_scheduler_round_age_seconds",]) == (42, 1)


def test_database_that_is_away_is_a_figure_and_the_rest_is_told(
    live_redis: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise OperationalError("away")

    monkeypatch.setattr("clinic.metrics.patients.figures", fail)
    found = figures()
    assert (found["evenkeel_database_answers",], found["evenkeel_redis_answers",]) == (0, 1)
    assert ("evenkeel_job_queue_depth", "low") in found
