"""The breaker on a real Valkey: what opens it, who may try the vendor, and what it forgets."""

from __future__ import annotations

import time
from typing import Any

import pytest
import redis

from realtime import breaker, redis_link
from realtime.breaker import Breaker, View
from realtime.dirty import LEASE, Dirty
from tests.own_valkey import OwnValkey
from tests.realtime.breaker_rig import calls, hurry, lapse
from tests.realtime.rig import frozen

PATIENCE = 0.25


def state(guard: Breaker) -> str:
    return guard.peek().state


# --- What opens it ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcomes", "ends"),
    [
        ("....", "closed"),
        ("xxxx", "closed"),
        ("xxxxx", "open"),
        (".x.x.", "closed"),
        (".xxx.", "open"),
        ("xxxx.", "open"),
        ("..........xxxx", "closed"),
        ("..........xxxxx", "open"),
        ("ssss", "closed"),
        ("sssss", "open"),
        ("..s.s.s.s", "closed"),
        ("..s.s.s.s.s", "open"),
        ("XXXXX", "open"),
        (".x.s.x.s..", "closed"),
    ],
)
def test_rates_open_it(guard: Breaker, fence: int, outcomes: str, ends: str) -> None:
    calls(guard, fence, outcomes)
    assert state(guard) == ends


def test_eighty_percent_failures_trip_it_though_each_success_is_in_between(guard: Breaker, fence: int) -> None:
    calls(guard, fence, "." * 10 + "xxxx." * 3)
    assert (state(guard), guard.peek().why) == ("open", "5 of the last 10 calls failed")


def test_slow_successes_trip_it(guard: Breaker, fence: int) -> None:
    calls(guard, fence, "sssss")
    assert guard.peek().why == "5 of the last 5 calls were slow"


def test_call_of_just_under_the_slow_limit_is_not_slow(guard: Breaker, fence: int) -> None:
    for _call in range(breaker.WINDOW):
        guard.record(fence, failed=False, seconds=breaker.SLOW_SECONDS - 0.001)
    assert state(guard) == "closed"


# --- Open and half-open -----------------------------------------------------------------------------------------


@pytest.fixture
def opened(guard: Breaker, fence: int) -> Breaker:
    calls(guard, fence, "xxxxx")
    return guard


def test_open_lets_nobody_call(opened: Breaker, fence: int) -> None:
    verdict = opened.ask(fence)
    assert (verdict.may_call, verdict.state, verdict.why) == (False, "open", "5 of the last 5 calls failed")


def test_open_time_begins_at_ten_seconds_with_jitter(live_redis: Any, fence: int) -> None:
    guard, lengths = Breaker(live_redis), set()
    for _round in range(20):
        live_redis.delete(breaker.STATE)
        calls(guard, fence, "xxxxx")
        lengths.add(guard.peek().until - time.time())
    assert 7.9 < min(lengths) < max(lengths) < 12.1
    assert max(lengths) - min(lengths) > 0.5


def test_open_time_doubles_up_to_two_minutes_and_a_good_answer_resets_it(opened: Breaker, fence: int) -> None:
    lengths = []
    for outcome in "xxxxxx.":
        hurry(opened)
        assert opened.ask(fence).may_call
        calls(opened, fence, outcome)
        lengths.append(opened.peek().until - time.time())
    for wanted, length in zip([20, 40, 80, 120, 120, 120], lengths, strict=False):
        assert 0.79 * wanted < length < 1.21 * wanted
    assert state(opened) == "closed"
    calls(opened, fence, "xxxxx")
    assert opened.peek().until - time.time() < 12.1


def test_good_probe_closes_it_and_forgets_what_was(opened: Breaker, fence: int) -> None:
    hurry(opened)
    assert opened.ask(fence).state == "half-open"
    calls(opened, fence, ".xxxx")
    assert (state(opened), opened.peek().since) == ("closed", 0)


@pytest.mark.parametrize(("outcome", "why"), [("x", "the probe failed"), ("s", "the probe was slow")])
def test_bad_probe_opens_it_again(opened: Breaker, fence: int, outcome: str, why: str) -> None:
    hurry(opened)
    opened.ask(fence)
    calls(opened, fence, outcome)
    assert (state(opened), opened.peek().why) == ("open", why)
    assert not opened.ask(fence).may_call


def test_peek_takes_no_probe_and_changes_nothing(opened: Breaker, fence: int, live_redis: Any) -> None:
    hurry(opened)
    before = live_redis.hgetall(breaker.STATE)
    assert [opened.peek().state for _look in range(3)] == ["half-open"] * 3
    assert not opened.peek().lets_through
    assert live_redis.hgetall(breaker.STATE) == before
    assert opened.ask(fence).may_call


def test_clock_that_was_put_back_keeps_nothing_open_for_hours(opened: Breaker, fence: int) -> None:
    hurry(opened, -3_600_000)
    assert opened.ask(fence).may_call


# --- The lease is the probe -------------------------------------------------------------------------------------


def test_only_the_holder_of_the_lease_may_call(guard: Breaker, fence: int) -> None:
    assert guard.ask(fence).may_call
    stranger = guard.ask(fence - 1)
    assert (stranger.may_call, stranger.why) == (False, "the lease is not ours")


def test_nobody_may_call_while_no_lease_is_held(guard: Breaker, fence: int, live_redis: Any) -> None:
    Dirty(live_redis).release(fence)
    assert not guard.ask(fence).may_call
    assert not guard.ask(0).may_call


def test_late_answer_of_an_old_fence_changes_nothing(opened: Breaker, fence: int, live_redis: Any) -> None:
    hurry(opened)
    assert opened.ask(fence).may_call
    following = lapse(live_redis)
    assert opened.ask(following).may_call
    before = live_redis.hgetall(breaker.STATE)
    assert not opened.record(fence, failed=False, seconds=0.1)
    assert not opened.record(fence, failed=True, seconds=0.1)
    assert live_redis.hgetall(breaker.STATE) == before
    calls(opened, following, ".")
    assert state(opened) == "closed"


# --- Forced -----------------------------------------------------------------------------------------------------


def test_forced_open_lets_nobody_call_and_counts_nothing(guard: Breaker, fence: int) -> None:
    guard.force("open", why="olu: a drill")
    verdict = guard.ask(fence)
    assert (verdict.may_call, verdict.why) == (False, "forced open")
    calls(guard, fence, "xxxxx")
    guard.force("auto", why="olu: over")
    assert guard.ask(fence).may_call


def test_forced_closed_lets_calls_through_an_open_breaker(opened: Breaker, fence: int) -> None:
    opened.force("closed", why="olu: I know better")
    assert opened.ask(fence).may_call
    assert opened.peek().lets_through
    opened.force("auto", why="olu: I did not")
    assert not opened.ask(fence).may_call


def test_forced_state_lapses_by_itself(guard: Breaker, live_redis: Any) -> None:
    guard.force("open", why="olu: a drill", seconds=60)
    assert 0 < live_redis.ttl(breaker.FORCED) <= 60
    live_redis.delete(breaker.FORCED)
    assert guard.peek() == View()


def test_forcing_to_nonsense_is_refused(guard: Breaker) -> None:
    with pytest.raises(ValueError, match="not 'ajar'"):
        guard.force("ajar", why="olu")


# --- What it tells ----------------------------------------------------------------------------------------------


def test_each_change_is_one_event_and_one_count(opened: Breaker, fence: int) -> None:
    hurry(opened)
    opened.ask(fence)
    opened.ask(fence)
    calls(opened, fence, "x")
    hurry(opened)
    opened.ask(fence)
    calls(opened, fence, "...")
    told = [(event.before, event.after) for event in reversed(opened.events())]
    assert told == [
        ("closed", "open"),
        ("open", "half-open"),
        ("half-open", "open"),
        ("open", "half-open"),
        ("half-open", "closed"),
    ]
    assert opened.changes() == {
        "closed:open": 1,
        "open:half-open": 2,
        "half-open:open": 1,
        "half-open:closed": 1,
    }
    assert abs(opened.events()[0].at.timestamp() - time.time()) < 5


def test_since_is_when_it_was_last_closed(opened: Breaker, fence: int) -> None:
    since = opened.peek().since
    hurry(opened)
    opened.ask(fence)
    calls(opened, fence, "x")
    assert opened.peek().since == since > 0


def test_force_is_an_event_too_but_once(guard: Breaker) -> None:
    guard.force("open", why="olu: a drill")
    guard.force("open", why="olu: a drill")
    (event,) = guard.events()
    assert (event.before, event.after, event.why) == ("auto", "forced open", "olu: a drill")


# --- Redis away -------------------------------------------------------------------------------------------------


def test_flushed_it_is_closed_and_learns_anew(opened: Breaker, live_redis: Any) -> None:
    live_redis.flushall()
    assert opened.peek() == View()
    calls(opened, Dirty(live_redis).take_lease(), "xxxxx")
    assert state(opened) == "open"


def test_frozen_redis_holds_no_call_longer_than_its_patience(opened: Breaker, fence: int, live_redis: Any) -> None:
    steps = [
        lambda: opened.ask(fence),
        lambda: opened.record(fence, failed=True, seconds=1),
        opened.peek,
        lambda: opened.force("open", why="olu"),
    ]
    with frozen(live_redis):
        for step in steps:
            began = time.monotonic()
            with pytest.raises(redis.RedisError):
                step()
            assert time.monotonic() - began < PATIENCE + 0.2
        assert breaker.look() is None
    assert breaker.look() is not None


def test_killed_redis_answers_again_with_a_sane_state(own_valkey: OwnValkey) -> None:
    client = redis_link.client()
    guard = Breaker(client)
    calls(guard, Dirty(client).take_lease(), "xxxxx")
    own_valkey.kill()
    assert breaker.look() is None
    own_valkey.start()
    assert guard.peek().state in ("closed", "open")
    client.delete(LEASE)
    assert guard.ask(Dirty(client).take_lease()).state in ("closed", "open", "half-open")


def test_nothing_is_kept_for_ever(opened: Breaker, fence: int, live_redis: Any) -> None:
    hurry(opened)
    opened.ask(fence)
    calls(opened, fence, "..")
    assert 0 < live_redis.pttl(breaker.STATE) <= breaker.KEEP_MS
    assert 0 < live_redis.pttl(breaker.OUTCOMES) <= breaker.KEEP_MS
