"""The gate: what may open it, and which part says no first."""

from __future__ import annotations

import time
from typing import Any

import pytest

from realtime import breaker, gate, switch
from realtime.breaker import Breaker, View
from realtime.gate import Decision
from realtime.models import Switch
from tests.realtime.breaker_rig import calls, hurry
from tests.realtime.rig import frozen

CLOSED, WELL = View(), Switch()


@pytest.mark.django_db
def test_ask_is_open_when_all_is_well(guard: Breaker, fence: int) -> None:
    assert gate.ask(guard, fence) == Decision(True, "gate", "the vendor may be used")
    breaker.hear(guard.peek())
    assert gate.peek() == gate.OPEN


@pytest.mark.django_db
def test_ask_reads_the_row_each_time(guard: Breaker, fence: int) -> None:
    assert gate.ask(guard, fence).open
    switch.flip("off", by="olu", reason="slow")
    assert gate.ask(guard, fence) == Decision(False, "switch", "off by olu: slow")
    switch.flip("auto", by="olu", reason="well")
    assert gate.ask(guard, fence).open


@pytest.mark.django_db
def test_ask_is_shut_by_an_open_breaker(guard: Breaker, fence: int) -> None:
    calls(guard, fence, "xxxxx")
    assert gate.ask(guard, fence) == Decision(False, "breaker", "5 of the last 5 calls failed")
    breaker.hear(guard.peek())
    assert gate.peek() == Decision(False, "breaker", guard.peek().in_words())


@pytest.mark.django_db
def test_peek_is_shut_while_the_probe_is_yet_to_be_made_and_takes_none(guard: Breaker, fence: int) -> None:
    calls(guard, fence, "xxxxx")
    hurry(guard)
    breaker.hear(guard.peek())
    assert gate.peek() == Decision(False, "breaker", "the next notice tries it")
    assert gate.ask(guard, fence).open


@pytest.mark.django_db
def test_switch_is_asked_before_the_breaker(guard: Breaker, fence: int) -> None:
    calls(guard, fence, "xxxxx")
    hurry(guard)
    switch.flip("off", by="olu", reason="slow")
    assert gate.ask(guard, fence).by == gate.peek().by == "switch"
    assert [event.after for event in guard.events()] == ["open"], "no probe was taken"


@pytest.mark.django_db
def test_breaker_that_redis_does_not_tell_of_is_shut_soon(guard: Breaker, fence: int, live_redis: Any) -> None:
    with frozen(live_redis):
        began = time.monotonic()
        assert gate.ask(guard, fence) == gate.REDIS_AWAY
        assert time.monotonic() - began < 0.5


@pytest.mark.django_db
def test_peek_asks_no_redis_and_is_shut_until_the_hub_heard_of_the_breaker() -> None:
    assert gate.peek() == gate.REDIS_AWAY
    breaker.hear(CLOSED)
    assert gate.peek() == gate.OPEN


@pytest.mark.parametrize("missing", ["ABLY_PUBLISH_KEY", "ABLY_SUBSCRIBE_KEY"])
def test_decide_without_a_key_is_shut_whatever_the_switch_says(settings: Any, missing: str) -> None:
    setattr(settings, missing, "")
    assert gate.decide(WELL, CLOSED).by == "configuration"
    assert not gate.decide(WELL, CLOSED).open


def test_decide_without_a_row_is_shut() -> None:
    decision = gate.decide(None, CLOSED)
    assert (decision.open, decision.by) == (False, "switch")


def test_decide_without_a_view_of_the_breaker_is_shut() -> None:
    assert gate.decide(WELL, None) == gate.REDIS_AWAY


@pytest.mark.parametrize(
    ("view", "is_open", "reason"),
    [
        (View("closed"), True, "the vendor may be used"),
        (View("open", "all failed", 1.0, 3600.0), False, "all failed; it is tried again from 01:00:00 UTC"),
        (View("half-open"), False, "the next notice tries it"),
        (View("open", forced="closed"), True, "the vendor may be used"),
        (View("closed", forced="open"), False, "forced open by a person"),
    ],
)
def test_decide_says_what_the_breaker_says(view: View, is_open: bool, reason: str) -> None:
    decision = gate.decide(WELL, view)
    assert (decision.open, decision.reason) == (is_open, reason)


def test_decide_forced_off_is_shut(settings: Any) -> None:
    settings.VENDOR_FORCED_OFF = True
    assert not gate.decide(WELL, CLOSED).open
