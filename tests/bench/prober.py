"""Sixteen processes that all have something to tell the vendor while the breaker is half open."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from typing import Any

from django.db import connections

from realtime import redis_link
from realtime.breaker import STATE, Breaker
from realtime.dirty import Dirty
from realtime.transports.ably import AblyTransport
from realtime.transports.base import Notice
from realtime.vendor_path import VendorPath
from tests.bench.rivals.breaker import UsualBreaker

FAILURES, SETTLE = 10, 0.2


class Prober:
    """Each process takes the very way that a fan-out job takes: lease, gate, one request, what came of it."""

    def half_open(self) -> str:
        """A breaker that opened, and whose open time is over. Returns its state."""
        client = redis_link.client()
        dirty, guard = Dirty(client), Breaker(client)
        fence = dirty.take_lease()
        for _n in range(FAILURES):
            guard.record(fence, failed=True, seconds=1.0)
        dirty.release(fence)
        assert guard.peek().state == "open", guard.peek()
        client.hset(STATE, "until", 0)
        return guard.peek().state

    def usual_half_open(self) -> str:
        """The same of the rival's breaker."""
        usual = UsualBreaker(redis_link.client())
        usual.open(0.0)
        return usual.state()

    def usual_state(self) -> str:
        """Of the rival's breaker now."""
        return UsualBreaker(redis_link.client()).state()

    def race(self, processes: int, seconds: float) -> int:
        """They all try, from the same moment, for so long. Returns how many tried at all."""
        return self._race(_try, processes, seconds)

    def usual_race(self, processes: int, seconds: float) -> int:
        """The same with the rival's breaker and no lease."""
        return self._race(_usual_try, processes, seconds)

    def _race(self, attempt: Callable[[Any, Any, float], None], processes: int, seconds: float) -> int:
        redis_link.client().close()
        redis_link.client.cache_clear()
        connections.close_all()
        fork: Any = multiprocessing.get_context("fork")
        start, tries = fork.Barrier(processes), fork.Value("i", 0)
        children = [fork.Process(target=attempt, args=(start, tries, seconds)) for _n in range(processes)]
        for child in children:
            child.start()
        for child in children:
            child.join()
        return int(tries.value)

    def state(self) -> str:
        """Of the breaker now."""
        return Breaker(redis_link.client()).peek().state


def _try(start: Any, tries: Any, seconds: float) -> None:
    dirty, has_tried = Dirty(redis_link.client()), False
    start.wait()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if fence := dirty.take_lease():
            has_tried = True
            path = VendorPath(dirty, fence)
            path.send([Notice("a" * 26, 1)])
            path.close()
            dirty.release(fence)
        time.sleep(SETTLE / 100)
    with tries.get_lock():
        tries.value += has_tried


def _usual_try(start: Any, tries: Any, seconds: float) -> None:
    usual, has_tried = UsualBreaker(redis_link.client()), False
    start.wait()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        has_tried |= usual.call(_publish)
        time.sleep(SETTLE / 100)
    with tries.get_lock():
        tries.value += has_tried


def _publish() -> bool:
    vendor = AblyTransport()
    outcome = vendor.send([Notice("a" * 26, 1)])
    vendor.close()
    return bool(outcome.confirmed)
