"""Wait-room screens: each hears of a newer version, gets its board, and notes which tickets stand on it."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass

from tests.bench.clients.websocket import Place, Socket, connect

TICKET = re.compile(rb'data-ticket="(\w+)"')
ETAG = re.compile(rb"\r\netag: ([^\r]+)", re.I)
SHOWN = re.compile(rb"\r\nx-version: (\d+)", re.I)
AT_ONCE = 20
# Seconds of the monotonic clock, which all processes of a machine share.
Sight = tuple[int, float, list[str]]


@dataclass
class Screen:
    """It does what live.js does: drops versions that it has, never runs two fetches at a time."""

    number: int
    place: Place
    sights: list[Sight]
    shown: int = 0
    wanted: int = 0
    etag: str = ""
    fetching: asyncio.Task[None] | None = None

    def heard(self, payload: bytes) -> None:
        self.wanted = max(self.wanted, json.loads(payload)["version"])
        if self.wanted > self.shown and (self.fetching is None or self.fetching.done()):
            self.fetching = asyncio.create_task(self._fetch())

    async def _fetch(self) -> None:
        while self.wanted > self.shown:
            wanted = self.wanted
            head, _, body = (await get(self.place, self.etag)).partition(b"\r\n\r\n")
            at = time.monotonic()
            if not head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 304")):
                raise ConnectionError(head[:60].decode())
            etag, shown = ETAG.search(head), SHOWN.search(head)
            self.etag = etag[1].decode() if etag else ""
            # The floor's page has no version of its own: it shows what rang.
            self.shown = int(shown[1]) if shown else wanted
            tickets = [ticket.decode() for ticket in TICKET.findall(body)] if shown else [str(wanted)]
            self.sights.append((self.number, at, tickets))


async def get(place: Place, etag: str = "") -> bytes:
    """The whole answer, head and body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", place.port)
    try:
        writer.write(place.request(etag))
        return await reader.read(-1)
    finally:
        writer.close()


class Screens:
    """Many screens on one event loop. `each` of them stand at every place."""

    def __init__(self) -> None:
        self._sights: list[Sight] = []
        self._sockets: list[Socket] = []
        self._screens: list[Screen] = []

    async def open(self, places: Sequence[Place], each: int) -> None:
        """Returns when every screen has shown its first board."""
        door = asyncio.Semaphore(AT_ONCE)
        every = [(number, place) for number, place in enumerate(places) for _n in range(each)]
        await asyncio.gather(*(self._open_one(door, number, place) for number, place in every))
        await self.quiet()
        self._sights.clear()

    async def _open_one(self, door: asyncio.Semaphore, number: int, place: Place) -> None:
        screen = Screen(number, place, self._sights)
        async with door:
            self._sockets.append(await connect(place, screen.heard))
            self._screens.append(screen)

    async def quiet(self) -> None:
        """Returns when no screen fetches any more. Raises what a fetch raised."""
        while busy := [s.fetching for s in self._screens if s.fetching and not s.fetching.done()]:
            await asyncio.gather(*busy)

    async def begin(self) -> None:
        """Forgets what was seen so far, and counts this process's own time from now on."""
        self._sights.clear()
        self._spent = time.process_time()

    async def seen(self) -> tuple[list[Sight], float]:
        """What came on screens since `begin`, as (place, when, tickets), and our own seconds of CPU."""
        await self.quiet()
        if any(socket.lost for socket in self._sockets):
            raise ConnectionError("a screen was disconnected")
        return list(self._sights), time.process_time() - self._spent

    async def close(self) -> None:
        for socket in self._sockets:
            socket.close()
        self._sockets, self._screens = [], []
