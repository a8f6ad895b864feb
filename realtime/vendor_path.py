"""The vendor's path of one fan-out: gate, turn, one request, and what came of it told to the breaker."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from typing import Any

import redis

from realtime import bell, gate, redis_link
from realtime.breaker import Breaker
from realtime.dirty import Dirty
from realtime.transports import ably
from realtime.transports.base import Notice, Outcome

logger = logging.getLogger(__name__)

PROBLEM = "evenkeel:vendor:problem"
PROBLEM_SECONDS = 30


class VendorPath:
    """For the holder of the lease `fence`; `close` it at the end. It never raises for the vendor's sake."""

    def __init__(self, dirty: Dirty, fence: int) -> None:
        self._dirty, self._fence = dirty, fence
        self._client = redis_link.client()
        self._breaker = Breaker(self._client)
        self._vendor = ably.AblyTransport()

    def send(self, notices: Sequence[Notice]) -> Outcome:
        """Publishes once, if the gate lets it; an idle connection does not outlive a gate that shuts."""
        decision = gate.ask(self._breaker, self._fence)
        if decision.open and (seconds := self._dirty.turn()):
            # At most one request in 100 ms over all processes: this is what turns a burst into a batch.
            time.sleep(seconds)
            decision = gate.ask(self._breaker, self._fence)
        if not decision.open:
            self.close()
            return Outcome(problem=f"{decision.by}: {decision.reason}")
        began = time.monotonic()
        outcome = self._vendor.send(notices)
        if not outcome.is_ours:
            self._learn(outcome, len(notices), time.monotonic() - began)
        return outcome

    def close(self) -> None:
        self._vendor.close()

    def _learn(self, outcome: Outcome, asked: int, seconds: float) -> None:
        """A call that got less than half of its topics through has failed."""
        failed = 2 * len(outcome.confirmed) < asked
        try:
            if self._breaker.record(self._fence, failed=failed, seconds=seconds):
                bell.ring({"type": "gate"})
            self._remember(outcome.problem)
        except redis.RedisError as error:
            # What was not counted must still be sent.
            logger.warning("vendor's answer not counted: %s", type(error).__name__)

    def _remember(self, problem: str) -> None:
        """What the vendor's last answer was, for people: a problem is news for PROBLEM_SECONDS."""
        if problem:
            self._client.set(PROBLEM, problem, ex=PROBLEM_SECONDS)
        else:
            self._client.delete(PROBLEM)


def problem() -> str:
    """What was wrong with the vendor's last answer, of late; empty when it was right. Raises redis.RedisError."""
    found: Any = redis_link.client().get(PROBLEM)
    return found.decode() if found else ""
