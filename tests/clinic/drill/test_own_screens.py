"""A screen of Evenkeel: it hears by our own socket always, and by the vendor's stream while that is allowed."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from clinic.drill import screens
from clinic.drill.screens import Screen
from realtime import tokens
from tests.realtime.rig import until
from tests.realtime.standin_rig import Rig, token

TOPIC = "abc"


class Web:
    """Our web process, as one screen of Evenkeel sees it: socket, board and vendor address at one port."""

    def __init__(self, rig: Rig, *, vendor: bool) -> None:
        self.version, self.vendor, self.vendor_asked = 7, vendor, 0
        self.sockets = set[ServerConnection]()
        query = f"channels={tokens.channel(TOPIC)}&v=1.2&accessToken={token('subscribe')}"
        self._stream = f"{rig.url}/sse?{query}"

    def answer(self, socket: ServerConnection, request: Request) -> Response | None:
        """What is no socket is answered at once."""
        assert "monitor=secret" in request.headers["cookie"]
        if request.path == f"/ws/{TOPIC}/":
            return None
        body, headers = b"", Headers({"etag": f'"{self.version}"', "x-version": str(self.version)})
        if request.path == f"/live/{TOPIC}/vendor/":
            self.vendor_asked += 1
            body = json.dumps({"url": self._stream, "seconds": 60}).encode()
        headers.update({"content-length": str(len(body)), "connection": "close"})
        return Response(HTTPStatus.OK, "OK", headers, body)

    async def hold(self, socket: ServerConnection) -> None:
        self.sockets.add(socket)
        await socket.send(self._state())
        await socket.wait_closed()
        self.sockets.discard(socket)

    async def ring(self) -> None:
        """The bell, with the state as it is now."""
        for socket in self.sockets:
            await socket.send(self._state())

    def _state(self) -> str:
        return json.dumps({"version": self.version, "vendor": self.vendor})


@asynccontextmanager
async def open_screen(rig: Rig, settings: Any, *, vendor: bool) -> AsyncIterator[tuple[Web, Screen]]:
    """A screen that says that it is connected."""
    web = Web(rig, vendor=vendor)
    async with serve(web.hold, "127.0.0.1", 0, process_request=web.answer) as server:
        settings.PUBLIC_URL = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        screen = Screen(TOPIC, "secret", has_own_path=True)
        task = asyncio.create_task(screen.live())
        try:
            async with asyncio.timeout(5):
                await screen.connected.wait()
            await until(lambda: screen.shown)
            yield web, screen
        finally:
            task.cancel()
            screen._allow_vendor(False)
            await asyncio.gather(task, return_exceptions=True)


def versions(screen: Screen) -> list[int]:
    return [version for version, _at in screen.shown]


@pytest.fixture(autouse=True)
def well(rig: Rig) -> None:
    rig.fault("ok")


def test_bell_is_heard_with_the_vendor_off(rig: Rig, settings: Any) -> None:
    async def play() -> None:
        async with open_screen(rig, settings, vendor=False) as (web, screen):
            web.version, before = 8, time.time()
            await web.ring()
            await until(lambda: versions(screen)[-1] == 8)
            assert before < screen.shown[-1][1] < time.time()
            assert web.vendor_asked == 0

    asyncio.run(play())


def test_bell_is_heard_while_the_vendor_is_silent(rig: Rig, settings: Any) -> None:
    async def play() -> None:
        async with open_screen(rig, settings, vendor=True) as (web, screen):
            await asyncio.to_thread(rig.fault, "silent")
            web.version = 8
            await web.ring()
            await until(lambda: versions(screen)[-1] == 8)
            await asyncio.to_thread(rig.fault, "ok")

    asyncio.run(play())


def test_vendor_that_is_allowed_is_heard_too(rig: Rig, settings: Any) -> None:
    """It is connected once the vendor's stream is, so that what is published then is not lost."""

    async def play() -> None:
        async with open_screen(rig, settings, vendor=True) as (web, screen):
            web.version = 8
            await asyncio.to_thread(rig.publish, tokens.channel(TOPIC), data="8")
            await until(lambda: versions(screen)[-1] == 8)
            assert web.vendor_asked == 1

    asyncio.run(play())


def test_vendor_that_is_switched_off_is_left(rig: Rig, settings: Any) -> None:
    """Had it heard the vendor's 9, it had asked once more for a board that still says 8."""

    async def play() -> None:
        async with open_screen(rig, settings, vendor=True) as (web, screen):
            web.vendor, web.version = False, 8
            await web.ring()
            await until(lambda: versions(screen)[-1] == 8)
            assert screen._stream is None
            await asyncio.to_thread(rig.publish, tokens.channel(TOPIC), data="9")
            web.version = 10
            await web.ring()
            await until(lambda: versions(screen)[-1] == 10)
            assert versions(screen).count(8) == 1

    asyncio.run(play())


def test_vendor_that_is_switched_on_again_is_heard(rig: Rig, settings: Any) -> None:
    async def play() -> None:
        async with open_screen(rig, settings, vendor=False) as (web, _):
            web.vendor = True
            await web.ring()
            await until(lambda: web.vendor_asked == 1)

    asyncio.run(play())


def test_socket_that_is_cut_is_opened_again(rig: Rig, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screens, "AGAIN_SECONDS", 0.05)

    async def play() -> None:
        async with open_screen(rig, settings, vendor=False) as (web, screen):
            (socket,) = web.sockets
            await socket.close()
            web.version = 8
            await until(lambda: versions(screen)[-1] == 8)

    asyncio.run(play())
