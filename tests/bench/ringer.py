"""What a ring costs the thread that has just committed, and what asking the gate costs a fan-out."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer

from realtime import gate, notices, redis_link
from realtime.breaker import Breaker
from realtime.dirty import Dirty
from realtime.hub import Hub
from realtime.models import Topic
from realtime.transports.ably import AblyTransport
from realtime.transports.base import Notice
from realtime.transports.channels import GROUP


class Ringer:
    """A process with a running hub, as a web process has."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        asyncio.run_coroutine_threadsafe(Hub().start(), self._loop).result()
        self._name = Topic.objects.values_list("name", flat=True)[0]
        self._version = 0

    def rings(self, many: int) -> tuple[list[float], list[float]]:
        """Seconds of each ring for the thread that makes it, and until Redis has all of it. One at a time."""
        pairs = [self._ring() for _n in range(many)]
        return [held for held, _told in pairs], [told for _held, told in pairs]

    def _ring(self) -> tuple[float, float]:
        self._version += 1
        began = time.perf_counter()
        notices._ring(self._name, self._version)
        held = time.perf_counter() - began
        last = redis_link.thread.soon(lambda: None)
        assert last and last.result(), "Redis was left alone"
        return held, time.perf_counter() - began

    def sends(self, many: int) -> list[float]:
        """The same as Channels' documentation has it: seconds of each `async_to_sync(group_send)`."""
        return [self._send() for _n in range(many)]

    def _send(self) -> float:
        layer: Any = get_channel_layer()
        self._version += 1
        began = time.perf_counter()
        message = {"type": "notices", "notices": [[self._name, self._version]]}
        async_to_sync(layer.group_send)(GROUP, message)
        return time.perf_counter() - began

    def asks(self, many: int) -> list[float]:
        """Seconds of gate and breaker for each vendor request: asked before it, told after it."""
        dirty, guard = Dirty(redis_link.client()), Breaker(redis_link.client())
        fence = dirty.take_lease()
        assert fence, "somebody else fans out"
        found = [self._ask(guard, fence) for _n in range(many)]
        dirty.release(fence)
        return found

    def _ask(self, guard: Breaker, fence: int) -> float:
        began = time.perf_counter()
        decision = gate.ask(guard, fence)
        guard.record(fence, failed=False, seconds=0.0)
        assert decision.open, decision.reason
        return time.perf_counter() - began

    def publishes(self, many: int) -> list[float]:
        """Seconds of each request to the vendor, on a client of its own as each fan-out has."""
        return [self._publish(number) for number in range(many)]

    def _publish(self, number: int) -> float:
        vendor, began = AblyTransport(), time.perf_counter()
        outcome = vendor.send([Notice(self._name, number)])
        vendor.close()
        assert outcome.confirmed, outcome.problem
        return time.perf_counter() - began
