"""The usual breaker with its state in Redis: read before a call and written after it, each in a step of its own.

So do libraries that put a store behind a breaker of one process: its lock holds off this process's threads alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import redis

OPEN_SECONDS = 10.0


class UsualBreaker:
    """Open until the time under `KEY` has come, in epoch seconds; then half open; closed while there is none."""

    KEY = "bench:usual-breaker:until"

    def __init__(self, client: redis.Redis) -> None:
        self._client = client

    def open(self, seconds: float = OPEN_SECONDS) -> None:
        self._client.set(self.KEY, time.time() + seconds)

    def state(self) -> str:
        """`closed`, `open` or `half-open`."""
        until = self._client.get(self.KEY)
        if until is None:
            return "closed"
        return "open" if time.time() < float(until) else "half-open"  # type: ignore[arg-type]

    def call(self, what: Callable[[], bool]) -> bool:
        """Whether it let the call through. `what` says whether the call went well."""
        if self.state() == "open":
            return False
        if what():
            self._client.delete(self.KEY)
        else:
            self.open()
        return True
