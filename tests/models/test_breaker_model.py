"""Calls, deaths, late answers, forced states, flushes and time in generated orders: Lua and table agree."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from realtime import breaker
from realtime.breaker import SLOW_SECONDS, Breaker
from realtime.dirty import LEASE, Dirty
from tests.models import scale
from tests.models.breaker_model import BreakerModel

EXAMPLES = 60
# Milliseconds, far from the edges of any open time by more than a step of the test can last.
SPANS = [1_000, 5_000, 30_000, 200_000]
MARGIN = 900


class BreakerMachine(RuleBasedStateMachine):
    """`old`: fencing numbers whose leases have lapsed."""

    def __init__(self, client: Any, patch: pytest.MonkeyPatch) -> None:
        super().__init__()
        self.client, self.patch = client, patch
        self.client.flushall()
        self.guard, self.dirty, self.model = Breaker(client), Dirty(client), BreakerModel()
        self.old: list[int] = [7]

    @rule()
    def somebody_takes_the_lease(self) -> None:
        fence = self.dirty.take_lease()
        assert bool(fence) == (self.model.holder == 0)
        self.model.holder = fence or self.model.holder

    @precondition(lambda self: self.model.holder)
    @rule(dies=some.booleans())
    def the_lease_ends(self, dies: bool) -> None:
        self.old.append(self.model.holder)
        self.client.delete(LEASE) if dies else self.dirty.release(self.model.holder)
        self.model.holder = 0

    @rule(nth=some.integers(0, 20), is_late=some.booleans())
    def ask(self, nth: int, is_late: bool) -> None:
        fence = self.fence(nth, is_late)
        verdict = self.guard.ask(fence)
        assert verdict.may_call == self.model.may_call(fence)
        assert verdict.state == self.model.seen()

    @rule(
        nth=some.integers(0, 20),
        is_late=some.sampled_from([False] * 5 + [True]),
        failed=some.booleans(),
        slow=some.booleans(),
        jitter=some.sampled_from([0.8, 1.0, 1.2]),
        times=some.integers(1, 6),
    )
    def calls_end(self, nth: int, is_late: bool, failed: bool, slow: bool, jitter: float, times: int) -> None:
        fence = self.fence(nth, is_late)
        self.patch.setattr(breaker.random, "uniform", lambda low, high: jitter)
        for _call in range(times):
            before = self.model.state
            told = self.guard.record(fence, failed=failed, seconds=SLOW_SECONDS if slow else 0.1)
            self.model.record(fence, failed, slow, jitter)
            assert told == (self.model.state != before)

    @rule(span=some.sampled_from(SPANS))
    def time_passes(self, span: int) -> None:
        self.model.now += span
        if self.client.hexists(breaker.STATE, "until"):
            self.client.hincrby(breaker.STATE, "until", -span)
        if self.model.state == "open" and abs(self.model.until - self.model.now) < MARGIN:
            self.time_passes(MARGIN)

    @rule(to=some.sampled_from(breaker.FORCES))
    def forced(self, to: str) -> None:
        self.guard.force(to, why="olu")
        self.model.forced = to

    @rule()
    def forced_lapses(self) -> None:
        self.client.delete(breaker.FORCED)
        self.model.forced = "auto"

    @rule(really=some.sampled_from([False] * 9 + [True]))
    def redis_forgets(self, really: bool) -> None:
        if really:
            self.client.flushall()
            self.model.flush()

    @invariant()
    def seen_alike(self) -> None:
        view = self.guard.peek()
        assert (view.state, view.forced) == (self.model.seen(), self.model.forced)

    @invariant()
    def told_alike(self) -> None:
        told = [(e.before, e.after) for e in reversed(self.guard.events()) if "forced" not in e.before + e.after]
        assert told[-20:] == self.model.changes[-20:]

    def fence(self, nth: int, is_late: bool) -> int:
        return self.old[nth % len(self.old)] if is_late else self.model.holder


def test_breaker_is_what_its_table_says(
    live_redis: Any, monkeypatch: pytest.MonkeyPatch, record_property: Any
) -> None:
    monkeypatch.setattr("realtime.dirty.LEASE_MS", 3_600_000)
    run_state_machine_as_test(lambda: BreakerMachine(live_redis, monkeypatch), settings=scale.of(EXAMPLES))
