"""The fan-out with the vendor's real SDK over TLS: who took each notice, in time, whatever the vendor does."""

from __future__ import annotations

import json
import time
from functools import partial
from typing import Any

import pytest
from channels.layers import get_channel_layer

from realtime import deadline, gate, job_queues, jobs, switch
from realtime.breaker import Breaker
from realtime.dirty import DIRTY, LEASE, Dirty
from realtime.models import Topic
from realtime.transports import ably
from tests.realtime.standin_rig import Rig
from tests.waiting import until

pytestmark = pytest.mark.django_db

IN_TIME = 0.45


class Layer:
    """What comes by the Channels layer."""

    def __init__(self, client: Any) -> None:
        self._pubsub = client.pubsub(ignore_subscribe_messages=True)
        self._pubsub.subscribe("evenkeel__group__hubs")
        self._pubsub.get_message(timeout=1)

    def heard(self) -> dict[str, int]:
        """Topics and versions so far."""
        found: dict[str, int] = {}
        while message := self._pubsub.get_message(timeout=0.1):
            found.update(get_channel_layer().deserialize(message["data"])["notices"])
        return found


@pytest.fixture
def layer(live_redis: Any) -> Any:
    listening = Layer(live_redis)
    yield listening
    listening._pubsub.close()


def dirty_topics(client: Any, count: int = 3) -> dict[str, int]:
    """New topics at versions of their own, all marked."""
    rows = Topic.objects.bulk_create(Topic(version=number + 2) for number in range(count))
    Dirty(client).mark(*[row.name for row in rows])
    return {row.name: row.version for row in rows}


def published(vendor: Rig, since: int) -> dict[str, int]:
    """What the vendor was sent after its first `since` requests: topics and versions, and nothing else."""
    found: dict[str, int] = {}
    for request in vendor.seen()["requests"][since:]:
        for item in json.loads(request["body"]):
            assert set(item) == {"channels", "messages"}
            (channel,), (message,) = item["channels"], item["messages"]
            assert set(message) == {"data"}
            found[channel.removeprefix("evenkeel:")] = int(message["data"])
    return found


def test_fan_out_sends_each_newest_version_by_the_vendor(vendor: Rig, live_redis: Any, layer: Layer) -> None:
    before = len(vendor.seen()["requests"])
    topics = dirty_topics(live_redis)
    record = jobs.fan_out()
    assert record == {"ably": sorted(topics), "channels": [], "nobody": [], "problems": []}
    assert published(vendor, before) == topics
    assert len(vendor.seen()["requests"]) == before + 1
    assert layer.heard() == {}
    assert jobs.counts() == {f"ably:{name}": 1 for name in topics}


def test_fan_out_leaves_no_connection_behind(vendor: Rig, live_redis: Any) -> None:
    dirty_topics(live_redis)
    jobs.fan_out()
    until(lambda: vendor.seen()["open"] == 0, 1)


def test_fan_out_sends_by_channels_what_the_vendor_failed(vendor: Rig, live_redis: Any, layer: Layer) -> None:
    vendor.fault("partial")
    topics = dirty_topics(live_redis, 5)
    record = jobs.fan_out()
    assert len(record["ably"]) == 3
    assert sorted(record["ably"] + record["channels"]) == sorted(topics)
    assert layer.heard() == {name: topics[name] for name in record["channels"]}
    assert "as it was told to" in record["problems"][0]


@pytest.mark.parametrize(
    ("fault", "problem"),
    [
        ("refuse", ""),
        ("rate_limited", "429"),
        ("html_200", "ValueError"),
        ("slow_503", "503"),
    ],
)
def test_fan_out_falls_back_at_once_on_an_error(
    vendor: Rig, live_redis: Any, layer: Layer, fault: str, problem: str
) -> None:
    vendor.fault(fault)
    topics = dirty_topics(live_redis)
    record = jobs.fan_out()
    assert (record["ably"], record["channels"]) == ([], sorted(topics))
    assert problem in record["problems"][0]
    assert layer.heard() == topics
    assert jobs.counts() == {f"channels:{name}": 1 for name in topics}


@pytest.mark.parametrize("fault", ["silent", "tls_silent", "drip"])
def test_fan_out_falls_back_at_the_deadline(
    vendor: Rig, live_redis: Any, layer: Layer, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ably, "SECONDS", IN_TIME)
    vendor.fault(fault)
    topics = dirty_topics(live_redis)
    begun = time.monotonic()
    record = jobs.fan_out()
    assert time.monotonic() - begun < IN_TIME + 0.5
    assert record["channels"] == sorted(topics)
    assert layer.heard() == topics
    until(lambda: deadline.stuck() == 0 and vendor.seen()["open"] == 0, 2)


def test_fan_out_waits_for_a_slow_answer_within_the_deadline(vendor: Rig, live_redis: Any) -> None:
    vendor.fault("slow_200")
    topics = dirty_topics(live_redis)
    assert jobs.fan_out()["ably"] == sorted(topics)


def test_fan_out_with_the_switch_off_opens_no_connection(vendor: Rig, live_redis: Any, layer: Layer) -> None:
    switch.flip("off", by="olu", reason="drill")
    before = len(vendor.seen()["connections"])
    topics = dirty_topics(live_redis)
    record = jobs.fan_out()
    assert record["channels"] == sorted(topics)
    assert record["problems"] == ["switch: off by olu: drill"]
    assert layer.heard() == topics
    assert len(vendor.seen()["connections"]) == before


def test_switch_flipped_while_a_request_waits_its_turn_stops_it(
    vendor: Rig, live_redis: Any, monkeypatch: Any
) -> None:
    flip = partial(switch.flip, "off", by="olu", reason="drill")
    monkeypatch.setattr("realtime.vendor_path.time.sleep", lambda seconds: flip())
    Dirty(live_redis).turn()
    before = len(vendor.seen()["connections"])
    dirty_topics(live_redis)
    assert jobs.fan_out()["ably"] == []
    assert len(vendor.seen()["connections"]) == before


def test_gate_is_asked_before_each_request(vendor: Rig, live_redis: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ably, "MOST_TOPICS", 2)
    asked = gate.ask

    def open_once(guard: Breaker, fence: int) -> gate.Decision:
        monkeypatch.setattr(gate, "ask", lambda guard, fence: gate.Decision(False, "switch", "now off"))
        return asked(guard, fence)

    monkeypatch.setattr(gate, "ask", open_once)
    dirty_topics(live_redis, 4)
    record = jobs.fan_out()
    assert (len(record["ably"]), len(record["channels"])) == (2, 2)


def test_fan_out_without_anyone_to_take_it_says_so(vendor: Rig, live_redis: Any, monkeypatch: Any) -> None:
    vendor.fault("refuse")
    monkeypatch.setattr("realtime.transports.channels.tell_hubs", lambda message: None)
    topics = dirty_topics(live_redis)
    assert jobs.fan_out()["nobody"] == sorted(topics)


def test_fan_out_counts_are_never_in_the_way(vendor: Rig, live_redis: Any, layer: Layer) -> None:
    vendor.fault("partial")
    live_redis.set(jobs.COUNTS, "not a hash")
    topics = dirty_topics(live_redis)
    record = jobs.fan_out()
    assert sorted(record["ably"] + record["channels"]) == sorted(topics)


def test_deleted_topic_makes_no_request(vendor: Rig, live_redis: Any) -> None:
    before = len(vendor.seen()["requests"])
    Dirty(live_redis).mark("gone")
    assert jobs.fan_out()["problems"] == []
    assert len(vendor.seen()["requests"]) == before


def test_fan_out_while_another_is_in_flight_sends_nothing(vendor: Rig, live_redis: Any) -> None:
    Dirty(live_redis).take_lease()
    topics = dirty_topics(live_redis)
    assert jobs.fan_out()["ably"] == []
    assert live_redis.scard(DIRTY) == len(topics)


def test_fan_out_whose_lease_is_taken_stops_and_frees_nothing(
    vendor: Rig, live_redis: Any, monkeypatch: Any
) -> None:
    def lose_the_lease(names: Any) -> list[Any]:
        live_redis.set(LEASE, "another's")
        return []

    monkeypatch.setattr(ably, "MOST_TOPICS", 1)
    monkeypatch.setattr(jobs, "_newest", lose_the_lease)
    dirty_topics(live_redis, 3)
    jobs.fan_out()
    assert live_redis.scard(DIRTY) == 2
    assert live_redis.get(LEASE) == b"another's"


def test_fan_out_looks_once_more_after_letting_the_lease_go(
    vendor: Rig, live_redis: Any, monkeypatch: Any
) -> None:
    dirty_topics(live_redis, 1)
    late = Topic.objects.create()
    release = Dirty.release

    def mark_then_release(self: Dirty, fence: int) -> None:
        monkeypatch.setattr(Dirty, "release", release)
        assert not self.mark(late.name)
        release(self, fence)

    monkeypatch.setattr(Dirty, "release", mark_then_release)
    assert late.name in jobs.fan_out()["ably"]


def test_fan_out_that_has_run_its_share_hands_over_to_one_job(live_redis: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(jobs, "LONGEST", 0.0)
    topics = dirty_topics(live_redis)
    live_redis.delete("evenkeel:fan_out:claim")
    jobs.fan_out()
    assert job_queues.get("notices").count == 1
    assert live_redis.scard(DIRTY) == len(topics)


def test_topics_of_a_dead_worker_are_sent_after_its_lease_lapsed(vendor: Rig, live_redis: Any) -> None:
    topics = dirty_topics(live_redis)
    live_redis.delete("evenkeel:fan_out:claim")
    dead = Dirty(live_redis)
    taken = dead.drain(dead.take_lease(), 1)
    assert not jobs.sweep()
    live_redis.delete(LEASE)
    assert jobs.sweep()
    assert not jobs.sweep()
    assert job_queues.get("notices").count == 1
    assert jobs.fan_out()["ably"] == sorted(set(topics) - set(taken))


def test_job_holds_no_argument_and_no_retry(live_redis: Any) -> None:
    jobs.announce_dirty(Topic.objects.create().name)
    (job,) = job_queues.get("notices").jobs
    assert (job.func_name, job.args, job.kwargs) == ("realtime.jobs.fan_out", [], {})
    assert job.retries_left is None
    assert job.failure_ttl == 7 * 24 * 3600
