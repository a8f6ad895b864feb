"""A screen of 2019: it hears by the vendor's stream alone, and shows what its board then says."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from clinic.drill import screens
from clinic.drill.screens import Screen
from realtime import tokens
from tests.realtime.rig import until
from tests.realtime.standin_rig import Rig, token

TOPIC = "abc"


class Web(ThreadingHTTPServer):
    """Our web process, as one screen sees it."""

    daemon_threads = True
    version, stream, asked = 7, "", 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Web

    def do_GET(self) -> None:
        if self.path == f"/live/{TOPIC}/vendor/":
            self.send_response(200)
            body = json.dumps({"url": self.server.stream, "seconds": 60}).encode()
        else:
            assert self.path == "/monitor/board/" and "monitor=secret" in self.headers["cookie"]
            self.server.asked += 1
            self.send_response(304 if self.headers["if-none-match"] == f'"{self.server.version}"' else 200)
            self.send_header("etag", f'"{self.server.version}"')
            self.send_header("x-version", str(self.server.version))
            body = b""
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


@pytest.fixture
def web(rig: Rig, settings: Any) -> Iterator[Web]:
    rig.fault("ok")
    with Web(("127.0.0.1", 0), Handler) as web:
        settings.PUBLIC_URL = web.url
        query = f"channels={tokens.channel(TOPIC)}&v=1.2&accessToken={token('subscribe')}"
        web.stream = f"{rig.url}/sse?{query}"
        threading.Thread(target=web.serve_forever, daemon=True).start()
        yield web
        web.shutdown()


@asynccontextmanager
async def open_screen() -> AsyncIterator[Screen]:
    screen = Screen(TOPIC, "secret", has_own_path=False)
    task = asyncio.create_task(screen.live())
    try:
        async with asyncio.timeout(5):
            await screen.connected.wait()
        await until(lambda: screen.shown)
        yield screen
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def versions(screen: Screen) -> list[int]:
    return [version for version, _at in screen.shown]


def test_screen_shows_what_the_vendor_rang_for(web: Web, rig: Rig) -> None:
    async def play() -> None:
        async with open_screen() as screen:
            web.version, before = 8, time.time()
            await asyncio.to_thread(rig.publish, tokens.channel(TOPIC), data="8")
            await until(lambda: versions(screen) == [7, 8])
            assert before < screen.shown[-1][1] < time.time()

    asyncio.run(play())


def test_board_that_is_older_than_the_ring_is_asked_again(web: Web, rig: Rig) -> None:
    async def play() -> None:
        async with open_screen() as screen:
            await asyncio.to_thread(rig.publish, tokens.channel(TOPIC), data="8")
            await until(lambda: web.asked > 2)
            web.version = 8
            await until(lambda: versions(screen)[-1] == 8)

    asyncio.run(play())


def test_silent_vendor_leaves_the_screen_as_it_is(web: Web, rig: Rig) -> None:
    """No floor and no socket of our own: the screen of 2019 has nothing else."""

    async def play() -> None:
        async with open_screen() as screen:
            rig.fault("silent")
            web.version, asked = 8, web.asked
            await asyncio.sleep(0.3)
            assert (versions(screen)[-1], web.asked) == (7, asked)
            rig.fault("ok")

    asyncio.run(play())


def test_stream_that_is_cut_is_opened_again(web: Web, rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screens, "AGAIN_SECONDS", 0.05)

    async def play() -> None:
        async with open_screen() as screen:
            await asyncio.to_thread(rig.fault, "refuse")
            await asyncio.to_thread(rig.fault, "ok")
            web.version = 8
            # What is published before the stream is open again is lost.
            async with asyncio.timeout(5):
                while versions(screen)[-1] != 8:
                    await asyncio.to_thread(rig.publish, tokens.channel(TOPIC), data="8")

    asyncio.run(play())
