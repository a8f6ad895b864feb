"""The wait-room screens of a drill, as clients without a browser: they hear, fetch their board, and note when.

Those of 2019 hear by the vendor's stream alone. Evenkeel's hear as its pages do: by our own socket always, and by
the vendor's stream while they are told that it is allowed.
"""

from __future__ import annotations

import asyncio
import json
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path

import httpx
from django.conf import settings
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException
from websockets.typing import Origin

from clinic.access import cookie_name
from clinic.models import Device

AGAIN_SECONDS = 1.0
ANSWER_SECONDS = 10.0


class Screen:
    """One screen. `shown`: versions and when each stood there, in epoch seconds."""

    def __init__(self, topic: str, token: str, *, has_own_path: bool) -> None:
        self.topic, self.shown = topic, list[tuple[int, float]]()
        self.connected = asyncio.Event()
        self._cookie = f"{cookie_name(Device.Kind.MONITOR)}={token}"
        self._has_own_path = has_own_path
        self._wanted, self._version, self._etag = 0, -1, ""
        self._rung = asyncio.Event()
        self._stream: asyncio.Task[None] | None = None
        # A stream is silent between two events, so it has no time-out.
        waits = httpx.Timeout(ANSWER_SECONDS, read=None)
        headers = {"cookie": self._cookie}
        self._http = httpx.AsyncClient(base_url=settings.PUBLIC_URL, headers=headers, trust_env=False)
        self._vendor = httpx.AsyncClient(timeout=waits, trust_env=False)

    async def live(self) -> None:
        """Until it is cancelled."""
        self._rung.set()
        async with self._http, self._vendor, asyncio.TaskGroup() as tasks:
            tasks.create_task(self._fetch_when_rung())
            tasks.create_task(_again_and_again(self._hear_us if self._has_own_path else self._hear_vendor))

    # --- Hearing ------------------------------------------------------------------------------------------------

    def _heard(self, version: int) -> None:
        if version > self._wanted:
            self._wanted = version
            self._rung.set()

    async def _hear_us(self) -> None:
        url = settings.PUBLIC_URL.replace("http", "ws", 1) + f"/ws/{self.topic}/"
        cookie = {"Cookie": self._cookie}
        async with connect(
            url, origin=Origin(settings.PUBLIC_URL), additional_headers=cookie, proxy=None
        ) as socket:
            async for text in socket:
                state = json.loads(text)
                self._allow_vendor(state["vendor"])
                self._heard(state["version"])
                if not state["vendor"]:
                    self.connected.set()

    def _allow_vendor(self, allowed: bool) -> None:
        if allowed and self._stream is None:
            self._stream = asyncio.create_task(_again_and_again(self._hear_vendor))
        elif not allowed and self._stream is not None:
            self._stream.cancel()
            self._stream = None

    async def _hear_vendor(self) -> None:
        answer = await self._http.get(f"/live/{self.topic}/vendor/", timeout=ANSWER_SECONDS)
        answer.raise_for_status()
        accept = {"accept": "text/event-stream"}
        async with self._vendor.stream("GET", answer.json()["url"], headers=accept) as stream:
            self.connected.set()
            async for version in _versions(stream):
                self._heard(version)

    # --- Showing ------------------------------------------------------------------------------------------------

    async def _fetch_when_rung(self) -> None:
        while True:
            await self._rung.wait()
            self._rung.clear()
            with suppress(httpx.HTTPError):
                await self._fetch()
            if self._wanted > self._version:
                await asyncio.sleep(0.1)
                self._rung.set()

    async def _fetch(self) -> None:
        headers = {"if-none-match": self._etag} if self._etag else {}
        answer = await self._http.get("/monitor/board/", headers=headers, timeout=ANSWER_SECONDS)
        if answer.status_code in (200, 304):
            self._etag, self._version = answer.headers["etag"], int(answer.headers["x-version"])
            self.shown.append((self._version, time.time()))


async def _versions(stream: httpx.Response) -> AsyncIterator[int]:
    """What the vendor's messages say, one by one."""
    async for line in stream.aiter_lines():
        if line.startswith("data:"):
            yield int(json.loads(line.removeprefix("data:"))["data"])


async def _again_and_again(hear: Callable[[], Awaitable[None]]) -> None:
    """As an EventSource or a page does: what breaks is begun anew."""
    while True:
        with suppress(httpx.HTTPError, WebSocketException, OSError, ValueError, KeyError):
            await hear()
        await asyncio.sleep(AGAIN_SECONDS)


def run(cast: Path, ready: Path, result: Path, *, has_own_path: bool) -> None:
    """Makes `ready` once all are connected; writes `[[topic, [[version, at], ...]], ...]` when told to end."""
    asyncio.run(_run(cast, ready, result, has_own_path))


async def _run(cast: Path, ready: Path, result: Path, has_own_path: bool) -> None:
    screens = [Screen(*one, has_own_path=has_own_path) for one in json.loads(cast.read_text())]
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    tasks = [asyncio.create_task(screen.live()) for screen in screens]
    for screen in screens:
        await screen.connected.wait()
    ready.write_text("ready")
    await ended.wait()
    result.write_text(json.dumps([[screen.topic, screen.shown] for screen in screens]))
    await _cancel(tasks)


async def _cancel(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
