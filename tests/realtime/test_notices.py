"""`announce`: the version in the transaction, the bell after the commit, and never a wait for Redis."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from channels.layers import get_channel_layer
from django.db import transaction

from realtime import bell, jobs, notices, redis_link
from realtime.models import Topic
from tests.realtime.rig import frozen
from tests.realtime.standin_rig import Rig

pytestmark = pytest.mark.django_db


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What this process's hub hears."""
    heard: list[dict[str, Any]] = []
    bell.connect(heard.append)
    return heard


@pytest.fixture
def marked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Topics whose fan-out was asked for, in place of Redis."""
    names: list[str] = []
    monkeypatch.setattr(jobs, "announce_dirty", names.append)
    monkeypatch.setattr(redis_link.thread, "_run", lambda action: action() or True)
    return names


def announce(topic: Topic) -> int:
    with transaction.atomic():
        return notices.announce(notices.lock(topic.pk))


def test_announce_raises_the_version_and_rings_after_the_commit(
    rung: list[dict[str, Any]], marked: list[str], django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    topic = Topic.objects.create()
    with django_capture_on_commit_callbacks(execute=True):
        assert announce(topic) == 2
        assert (rung, marked) == ([], [])
    redis_link.thread.stop()
    topic.refresh_from_db()
    assert topic.version == 2
    assert rung == [{"type": "notices", "notices": [[topic.name, 2]]}]
    assert marked == [topic.name]


def test_version_is_raised_by_the_transaction_itself() -> None:
    topic = Topic.objects.create()
    with transaction.atomic():
        notices.announce(notices.lock(topic.pk))
        assert Topic.objects.get(pk=topic.pk).version == 2


def test_announce_that_rolls_back_says_nothing(
    rung: list[dict[str, Any]], marked: list[str], django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    topic = Topic.objects.create()
    with django_capture_on_commit_callbacks(execute=True), pytest.raises(ZeroDivisionError), transaction.atomic():
        announce(topic)
        raise ZeroDivisionError
    topic.refresh_from_db()
    assert (topic.version, rung, marked) == (1, [], [])


def test_announce_twice_in_one_transaction_ends_at_the_newest(
    rung: list[dict[str, Any]], marked: list[str], django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    topic = Topic.objects.create()
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        announce(topic)
        announce(topic)
    assert rung[-1]["notices"] == [[topic.name, 3]]


@pytest.mark.django_db(transaction=True)
def test_announce_outside_of_a_transaction_is_refused() -> None:
    topic = Topic.objects.create()
    with pytest.raises(RuntimeError, match="belongs into the transaction"):
        notices.announce(topic)
    topic.refresh_from_db()
    assert topic.version == 1


@pytest.mark.django_db(transaction=True)
def test_announce_with_redis_frozen_takes_no_time(live_redis: Any, rung: list[dict[str, Any]]) -> None:
    topics = [Topic.objects.create() for _ in range(20)]
    with frozen(live_redis):
        begun = time.monotonic()
        for topic in topics:
            announce(topic)
        assert time.monotonic() - begun < 0.5
    assert [message["notices"][0][1] for message in rung] == [2] * 20


@pytest.mark.django_db(transaction=True)
def test_announce_marks_the_topic_and_enqueues_one_job(live_redis: Any) -> None:
    topics = [Topic.objects.create() for _ in range(5)]
    for topic in topics:
        announce(topic)
    redis_link.thread.stop()
    assert live_redis.smembers("evenkeel:fan_out:dirty") == {topic.name.encode() for topic in topics}
    assert live_redis.llen("rq:queue:notices") == 1


@pytest.mark.django_db(transaction=True)
def test_commit_rings_the_channels_layer_without_a_worker(live_redis: Any) -> None:
    listening = live_redis.pubsub(ignore_subscribe_messages=True)
    listening.subscribe("evenkeel__group__hubs")
    listening.get_message(timeout=1)
    topic = Topic.objects.create()
    announce(topic)
    heard = listening.get_message(timeout=5)
    listening.close()
    assert heard and get_channel_layer().deserialize(heard["data"])["notices"] == [[topic.name, 2]]


@pytest.mark.django_db(transaction=True)
def test_announce_opens_no_connection_to_the_vendor(vendor: Rig, live_redis: Any) -> None:
    before = len(vendor.seen()["connections"])
    announce(Topic.objects.create())
    redis_link.thread.stop()
    assert live_redis.llen("rq:queue:notices") == 1
    assert len(vendor.seen()["connections"]) == before


@pytest.mark.django_db(transaction=True)
def test_announce_whose_ring_fails_has_committed_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    def fail(message: dict[str, Any]) -> None:
        raise ValueError("a fault in the hub")

    bell.connect(fail)
    topic = Topic.objects.create()
    assert announce(topic) == 2
    topic.refresh_from_db()
    assert topic.version == 2
    assert "a fault in the hub" in caplog.text
