"""Wait-room screens: each hears of a newer version, gets its board, and notes which tickets stand on it."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from tests.bench.changes import Change
from tests.websocket import Place, Socket

TICKET = re.compile(rb'data-ticket="(\w+)"')
ETAG = re.compile(rb"\r\netag: ([^\r]+)", re.I)
SHOWN = re.compile(rb"\r\nx-version: (\d+)", re.I)
AT_ONCE = 20
PATIENCE, STEP = 5.0, 0.05


class NotShown(RuntimeError):
    """A change never stood on a screen."""


@dataclass(frozen=True)
class Sight:
    """What stood on a screen, and when: seconds of the monotonic clock, which all processes of a machine share."""

    screen: int
    at: float
    marks: list[str]


@dataclass(frozen=True)
class Shown:
    """`delays`: seconds from each change to each of its screens. `cpu`: our own seconds for all of it."""

    delays: list[float]
    cpu: float


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
            marks = [ticket.decode() for ticket in TICKET.findall(body)] if shown else [str(wanted)]
            self.sights.append(Sight(self.number, at, marks))


async def get(place: Place, etag: str = "") -> bytes:
    """The whole answer, head and body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", place.port)
    try:
        writer.write(place.request(etag))
        return await reader.read(-1)
    finally:
        writer.close()


def delays(changes: Sequence[Change], sights: Sequence[Sight], each: int) -> list[float]:
    """Seconds from each change to the first sight of it on each of its `each` screens.

    Screen n stands at place n // each. Raises NotShown.
    """
    by_screen: dict[int, list[Sight]] = defaultdict(list)
    for sight in sights:
        by_screen[sight.screen].append(sight)
    return [
        _first(change, by_screen[change.place * each + n]) - change.at for change in changes for n in range(each)
    ]


def _first(change: Change, sights: Sequence[Sight]) -> float:
    for sight in sights:
        if change.mark in sight.marks and sight.at >= change.at:
            return sight.at
    raise NotShown(f"{change.mark} of place {change.place} never stood on one of its screens")


class Screens:
    """Many screens on one event loop. `each` of them stand at every place."""

    def __init__(self) -> None:
        self._sights: list[Sight] = []
        self._sockets: list[Socket] = []
        self._screens: list[Screen] = []

    async def open(self, places: Sequence[Place], each: int) -> None:
        """Returns when every screen has shown its first board."""
        self._each, door = each, asyncio.Semaphore(AT_ONCE)
        every = [place for place in places for _n in range(each)]
        await asyncio.gather(*(self._open_one(door, number, place) for number, place in enumerate(every)))
        await self._quiet()

    async def _open_one(self, door: asyncio.Semaphore, number: int, place: Place) -> None:
        screen = Screen(number, place, self._sights)
        async with door:
            self._sockets.append(await Socket(place, screen.heard).open())
            self._screens.append(screen)

    async def begin(self) -> None:
        """Forgets what was seen so far, and counts this process's own time from now on."""
        await self._quiet()
        self._sights.clear()
        self._spent = time.process_time()

    async def shown(self, changes: Sequence[Change]) -> Shown:
        """When the changes since `begin` stood on their screens. Raises NotShown after PATIENCE seconds."""
        cpu, end = time.process_time() - self._spent, time.monotonic() + PATIENCE
        while True:
            await self._quiet()
            if any(socket.lost for socket in self._sockets):
                raise ConnectionError("a screen was disconnected")
            try:
                return Shown(delays(changes, self._sights, self._each), cpu)
            except NotShown:
                if time.monotonic() > end:
                    raise
            await asyncio.sleep(STEP)

    async def _quiet(self) -> None:
        """Returns when no screen fetches. Raises what a fetch raised."""
        while busy := [s.fetching for s in self._screens if s.fetching and not s.fetching.done()]:
            await asyncio.gather(*busy)
        for screen in self._screens:
            if screen.fetching:
                screen.fetching.result()
