"""Thousands of screens of one topic that only count: when has the last of them heard?"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from tests.websocket import Place, Socket

AT_ONCE = 20


@dataclass(frozen=True)
class Heard:
    """`last`: when the last screen had it, monotonic seconds; `cpu`: our own seconds for all of it."""

    last: float
    cpu: float


class Crowd:
    """Frames begin as the hub's do: `{"version": 17, ...`."""

    def __init__(self) -> None:
        self._sockets: list[Socket] = []
        self._prefix, self._left = b"?", 0
        self._all = asyncio.Event()
        self._last = 0.0

    async def open(self, place: Place, many: int) -> None:
        """So many more. Raises ConnectionError when the server refuses one."""
        door = asyncio.Semaphore(AT_ONCE)
        await asyncio.gather(*(self._open_one(door, place) for _n in range(many)))

    async def _open_one(self, door: asyncio.Semaphore, place: Place) -> None:
        async with door:
            self._sockets.append(await Socket(place, self._heard).open())

    async def expect(self, version: int) -> None:
        """Counts frames of this version from now on."""
        self._prefix = f'{{"version": {version},'.encode()
        self._left = len(self._sockets)
        self._all.clear()
        self._spent = time.process_time()

    async def all_heard(self, seconds: float) -> Heard:
        """Raises TimeoutError, with how many have not, after `seconds`."""
        try:
            await asyncio.wait_for(self._all.wait(), seconds)
        except TimeoutError:
            lost = sum(socket.lost for socket in self._sockets)
            raise TimeoutError(f"{self._left} screens have not heard; {lost} were disconnected") from None
        return Heard(self._last, time.process_time() - self._spent)

    def _heard(self, payload: bytes) -> None:
        if payload.startswith(self._prefix):
            self._left -= 1
            if not self._left:
                self._last = time.monotonic()
                self._all.set()
