"""Thousands of WebSocket clients in one process, each as cheap as it can be: they note the newest version."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from typing import Any

from tests.websocket import Place, Socket

# So many handshakes at a time.
AT_ONCE = 50


class Member(Socket):
    """One client. `version`: the newest it heard."""

    def __init__(self, crowd: Crowd) -> None:
        super().__init__(crowd.place, self._note)
        self.crowd, self.version = crowd, 0

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.crowd.members.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self.crowd.members.discard(self)

    def _note(self, payload: bytes) -> None:
        version = int(payload[len(b'{"version": ') : payload.index(b",")])
        if version != self.version:
            self.version = version
            self.crowd.heard(version)


class Crowd:
    """Clients of one topic, while a block runs. `cookie`: what proves them. `members`: those who are connected."""

    def __init__(self, port: int, topic: str, cookie: str) -> None:
        self.place = Place(port, topic, cookie)
        self.members: set[Member] = set()
        self._wanted = self._heard = 0
        self._all = asyncio.Event()

    async def __aenter__(self) -> Crowd:
        return self

    async def __aexit__(self, *_error: object) -> None:
        self.vanish(len(self.members))
        # Transports end on the loop's next turns.
        await asyncio.sleep(0.05)

    async def join(self, number: int, make: Callable[[], socket.socket] = socket.socket) -> None:
        """So many more, each let in. Raises ConnectionError for one that is not."""
        gate = asyncio.Semaphore(AT_ONCE)

        async def one() -> None:
            async with gate:
                await asyncio.wait_for(Member(self).open(make), 20)

        await asyncio.gather(*(one() for _n in range(number)))

    def heard(self, version: int) -> None:
        """For members: one has heard."""
        if version == self._wanted:
            self._heard += 1
            self._last = time.perf_counter()
            if self._heard >= len(self.members):
                self._all.set()

    async def all_hear(self, version: int, ring: Callable[[int], None], seconds: float = 20.0) -> float:
        """Seconds from the ring until the last of all heard. AssertionError after `seconds`."""
        self._wanted, self._heard = version, 0
        self._all.clear()
        began = time.perf_counter()
        ring(version)
        try:
            await asyncio.wait_for(self._all.wait(), seconds)
        except TimeoutError:
            raise AssertionError(f"{self._heard} of {len(self.members)} heard in {seconds} s") from None
        return self._last - began

    def vanish(self, number: int) -> None:
        """The connections of so many are reset, without a word."""
        for _n in range(number):
            self.members.pop().transport.abort()


def narrow() -> socket.socket:
    """A socket whose buffers, here and at the server, fill up soon when nobody reads."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 500)
    return sock
