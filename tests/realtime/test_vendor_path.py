"""What the vendor's answers do to the breaker, and it to the vendor's path, with the real SDK over TLS."""

from __future__ import annotations

from typing import Any

import pytest

from realtime import breaker, deadline, jobs, switch, vendor_path
from realtime.breaker import Breaker
from realtime.dirty import DIRTY, LEASE, Dirty
from realtime.models import Topic
from realtime.transports import ably
from realtime.transports.base import Outcome
from realtime.vendor_path import VendorPath
from tests.realtime.breaker_rig import calls, hurry, lapse
from tests.realtime.standin_rig import Rig
from tests.waiting import until

pytestmark = pytest.mark.django_db


@pytest.fixture
def no_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Dirty, "turn", lambda self: 0)


def fan_out(client: Any, count: int = 1) -> jobs.Record:
    """A job for so many new topics."""
    rows = Topic.objects.bulk_create(Topic() for _topic in range(count))
    Dirty(client).mark(*[row.name for row in rows])
    return jobs.fan_out()


def requests(vendor: Rig) -> int:
    return len(vendor.seen()["requests"])


@pytest.mark.usefixtures("no_pace")
@pytest.mark.parametrize("fault", ["refuse", "rate_limited", "html_200", "slow_503"])
def test_failing_vendor_is_no_longer_asked(vendor: Rig, live_redis: Any, guard: Breaker, fault: str) -> None:
    vendor.fault(fault)
    for _call in range(breaker.MINIMUM):
        assert fan_out(live_redis)["ably"] == []
    before = len(vendor.seen()["connections"])
    record = fan_out(live_redis)
    assert len(record["channels"]) == 1
    assert record["problems"] == ["breaker: 5 of the last 5 calls failed"]
    assert len(vendor.seen()["connections"]) == before
    assert guard.peek().state == "open"


@pytest.mark.usefixtures("no_pace")
def test_hanging_vendor_holds_the_worker_for_no_more_than_its_first_calls(
    vendor: Rig, live_redis: Any, guard: Breaker, monkeypatch: Any
) -> None:
    monkeypatch.setattr(ably, "SECONDS", 0.2)
    vendor.fault("silent")
    before = len(vendor.seen()["connections"])
    for _call in range(breaker.MINIMUM + 3):
        fan_out(live_redis)
    assert guard.peek().why == "5 of the last 5 calls failed"
    assert len(vendor.seen()["connections"]) == before + breaker.MINIMUM
    until(lambda: deadline.stuck() == 0, 5)


@pytest.mark.usefixtures("no_pace")
def test_slow_answers_count_as_slow(vendor: Rig, live_redis: Any, guard: Breaker, monkeypatch: Any) -> None:
    monkeypatch.setattr(breaker, "SLOW_SECONDS", 0.25)
    vendor.fault("slow_200")
    for _call in range(breaker.MINIMUM):
        assert len(fan_out(live_redis)["ably"]) == 1
    assert guard.peek().why == "5 of the last 5 calls were slow"


@pytest.mark.usefixtures("no_pace")
def test_call_that_got_most_of_its_topics_through_has_not_failed(
    vendor: Rig, live_redis: Any, guard: Breaker
) -> None:
    vendor.fault("partial")
    for _call in range(breaker.WINDOW):
        assert len(fan_out(live_redis, 5)["ably"]) == 3
    assert guard.peek().state == "closed"


def test_next_notice_after_the_open_time_is_the_probe_and_closes_it(
    vendor: Rig, live_redis: Any, guard: Breaker
) -> None:
    calls(guard, lapse(live_redis), "xxxxx")
    live_redis.delete(LEASE)
    assert fan_out(live_redis)["ably"] == []
    hurry(guard)
    assert len(fan_out(live_redis)["ably"]) == 1
    assert guard.peek().state == "closed"


def test_each_change_makes_the_hubs_look_at_the_gate(
    vendor: Rig, live_redis: Any, guard: Breaker, monkeypatch: Any
) -> None:
    rung: list[dict[str, Any]] = []
    monkeypatch.setattr("realtime.bell.ring", rung.append)
    calls(guard, lapse(live_redis), "xxxxx")
    live_redis.delete(LEASE)
    fan_out(live_redis)
    assert rung == []
    hurry(guard)
    fan_out(live_redis)
    assert rung == [{"type": "gate"}]
    fan_out(live_redis)
    assert rung == [{"type": "gate"}]


def test_gate_that_shuts_during_a_drain_ends_the_connection_at_once(
    vendor: Rig, live_redis: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(ably, "MOST_TOPICS", 1)
    opened: list[int] = []

    def newest_of_an_operator(names: list[str]) -> Any:
        if opened:
            switch.flip("off", by="olu", reason="drill")
        opened.append(vendor.seen()["open"])
        return newest(names)

    newest = jobs._newest
    closed: list[bool] = []
    sent = VendorPath.send

    def send(self: VendorPath, notices: Any) -> Any:
        outcome = sent(self, notices)
        closed.append(self._vendor._line is None)
        return outcome

    monkeypatch.setattr(jobs, "_newest", newest_of_an_operator)
    monkeypatch.setattr(VendorPath, "send", send)
    record = fan_out(live_redis, 2)
    assert (len(record["ably"]), len(record["channels"])) == (1, 1)
    assert opened == [0, 1], "the drain kept its one connection while the gate was open"
    assert closed == [False, True]


def test_lease_lost_in_mid_call_makes_no_second_request(vendor: Rig, live_redis: Any, guard: Breaker) -> None:
    dirty = Dirty(live_redis)
    late = VendorPath(dirty, dirty.take_lease())
    lapse(live_redis)
    before = requests(vendor)
    outcome = late.send([])
    assert outcome.problem == "breaker: the lease is not ours"
    assert requests(vendor) == before


def test_answer_that_cannot_be_counted_still_counts_for_the_screens(
    vendor: Rig, live_redis: Any, guard: Breaker
) -> None:
    live_redis.set(breaker.OUTCOMES, "not a list")
    assert len(fan_out(live_redis)["ably"]) == 1
    assert live_redis.scard(DIRTY) == 0


def test_call_that_the_switch_ended_is_not_held_against_the_vendor(
    vendor: Rig, live_redis: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(
        ably.AblyTransport, "send", lambda self, notices: Outcome(problem=ably.STOPPED, is_ours=True)
    )
    assert fan_out(live_redis)["problems"] == [ably.STOPPED]
    assert not live_redis.exists(breaker.OUTCOMES)
    assert vendor_path.problem() == ""


def test_problem_is_told_until_the_vendor_answers_well(vendor: Rig, live_redis: Any) -> None:
    vendor.fault("rate_limited")
    fan_out(live_redis)
    assert "429" in vendor_path.problem()
    assert 0 < live_redis.ttl(vendor_path.PROBLEM) <= vendor_path.PROBLEM_SECONDS
    vendor.fault("ok")
    fan_out(live_redis)
    assert vendor_path.problem() == ""
