"""The fan-out between doubles: a vendor that answers as it is told, the Channels layer, and what comes between.

Redis, its scripts, the job queue, the gate, the switch and the reading of the vendor's answer are the real ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
import redis

from realtime import bell, deadline, dirty, jobs, redis_link, tokens, vendor_path
from realtime.breaker import Breaker
from realtime.models import Topic
from realtime.transports import ably, channels

# Lapses are a step of the tests, and never the clock's.
LONG_MS = 600_000
MOST_TOPICS = 2
# For each topic of a request in turn: whether the vendor's answer confirms it.
ANSWERS: dict[str, Sequence[dict[str, Any] | None]] = {
    "all": [{"messageId": "m"}],
    "refused": [{"error": {"message": "no"}}],
    "some refused": [{"messageId": "m"}, {"error": {"message": "no"}}],
    "some not named": [None, {"messageId": "m"}],
    "both": [{"messageId": "m", "error": {"message": "no"}}],
    "without a message id": [{}],
}
FAILURES = {"error": RuntimeError("vendor answered 503"), "timed out": deadline.DeadlineMissed("no end")}


@dataclass
class Run:
    """One job: topics taken out, and (topic, version) of all that it sent, by path, in order."""

    taken: list[str] = field(default_factory=list)
    asked: list[tuple[str, int]] = field(default_factory=list)
    confirmed: list[tuple[str, int]] = field(default_factory=list)
    channels: list[tuple[str, int]] = field(default_factory=list)
    lost: list[tuple[str, int]] = field(default_factory=list)


class Rig:
    """The doubles. A test sets `answers` (for each request in turn, then "all"), and steps that are made in turn
    during a request (`meanwhile`) or before it (`while_waiting`). `owed`: topics marked and not taken out.
    """

    def __init__(self) -> None:
        self.runs: list[Run] = []
        self.owed: set[str] = set()
        self.answers: list[str] = []
        self.meanwhile: list[Callable[[], object]] = []
        self.while_waiting: list[Callable[[], object]] = []
        self.is_off = self.layer_is_away = self.is_unheard = False
        self.open_clients = 0
        self.now = 0.0
        self.fences: list[int] = []

    def install(self, patch: pytest.MonkeyPatch) -> None:
        self._drain, self._take = dirty.Dirty.drain, dirty.Dirty.take_lease
        rig = self
        patch.setattr(dirty, "LEASE_MS", LONG_MS)
        patch.setattr(dirty, "CLAIM_MS", LONG_MS)
        patch.setattr(dirty.Dirty, "drain", lambda self, fence, most: rig.drain(self, fence, most))
        patch.setattr(dirty.Dirty, "take_lease", lambda self: rig.take_lease(self))
        patch.setattr(dirty.Dirty, "turn", lambda self: 0.1 if rig.while_waiting else 0)
        patch.setattr(jobs, "time", SimpleNamespace(monotonic=lambda: self.now))
        patch.setattr(vendor_path, "time", SimpleNamespace(monotonic=lambda: self.now, sleep=self.sleep))
        # The breaker has a model of its own.
        patch.setattr(Breaker, "record", lambda self, fence, failed, seconds: False)
        patch.setattr(ably, "MOST_TOPICS", MOST_TOPICS)
        patch.setattr(ably, "_client", self.client)
        patch.setattr(ably, "_publish", self.publish)
        patch.setattr(deadline, "run", _at_once)
        patch.setattr(redis_link.thread, "soon", self.soon)
        patch.setattr(channels, "_send", self.send)
        patch.setattr(bell, "ring", lambda message: None)

    def run(self) -> tuple[Run, jobs.Record]:
        """One job, from its begin to its end."""
        self.runs.append(Run())
        try:
            record = jobs.fan_out()
        finally:
            run = self.runs.pop()
        return run, record

    # --- The doubles --------------------------------------------------------------------------------------------

    def drain(self, real: dirty.Dirty, fence: int, most: int) -> list[str]:
        names = self._drain(real, fence, most)
        if self.runs:
            self.runs[-1].taken += names
        self.owed.difference_update(names)
        return names

    def take_lease(self, real: dirty.Dirty) -> int:
        if fence := self._take(real):
            assert fence > max(self.fences, default=0), "fencing numbers only grow"
            self.fences.append(fence)
        return fence

    def sleep(self, seconds: float) -> None:
        self.while_waiting.pop(0)()

    def client(self) -> Any:
        assert not self.is_off, "a connection to a vendor that is switched off"
        self.open_clients += 1
        return SimpleNamespace(close=self.close)

    def close(self) -> None:
        self.open_clients -= 1

    def publish(self, client: Any, specs: list[dict[str, Any]]) -> list[dict[str, Any]]:
        assert not self.is_off, "a request to a vendor that is switched off"
        run = self.runs[-1]
        asked = [
            (spec["channels"][0].removeprefix("evenkeel:"), int(spec["messages"][0]["data"])) for spec in specs
        ]
        assert 0 < len(asked) <= MOST_TOPICS
        run.asked += asked
        if self.meanwhile:
            self.meanwhile.pop(0)()
        answer = self.answers.pop(0) if self.answers else "all"
        if answer in FAILURES:
            raise FAILURES[answer]
        results = ANSWERS[answer]
        told = [(notice, results[place % len(results)]) for place, notice in enumerate(asked)]
        run.confirmed += [notice for notice, result in told if result == {"messageId": "m"}]
        return [
            {"results": [{"channel": tokens.channel(n[0]), **result}]} for n, result in told if result is not None
        ]

    def soon(self, action: Callable[[], object]) -> Future[bool] | None:
        """The Redis thread, at once; nobody there while it `is_unheard`."""
        if self.is_unheard:
            return None
        future: Future[bool] = Future()
        try:
            action()
            future.set_result(True)
        except redis.RedisError:
            future.set_result(False)
        return future

    def send(self, message: dict[str, Any]) -> None:
        notices = [(name, version) for name, version in message["notices"]]
        if self.layer_is_away:
            self.runs[-1].lost += notices
            raise redis.ConnectionError("away")
        self.runs[-1].channels += notices


def versions() -> dict[str, int]:
    """Each topic's version in the database."""
    return dict(Topic.objects.values_list("name", "version"))


def _at_once(call: Callable[[], Any], *, seconds: float, close: Callable[[], object]) -> Any:
    """`deadline.run` without its thread, which would not see this test's transaction."""
    try:
        return call()
    except deadline.DeadlineMissed:
        close()
        raise
