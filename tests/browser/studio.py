"""A wait-room screen with a server of its own, which has no database: any board, any hour, any fault, at once.

Pages, scripts and styles are the real ones. Time is the test's: the page's clock and the server's pass together.
"""

from __future__ import annotations

import json
import mimetypes
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import gettempdir
from threading import Thread
from types import SimpleNamespace
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from playwright.sync_api import BrowserContext, Page

from clinic import bundles, fonts
from clinic.presenters import MonitorBoard, MonitorRow, Shown
from tests.browser.studio_page import ANNOUNCED, SETTLED, SOCKETS, SPEAK, TELL, WATCH, leaving
from tests.waiting import until

# A Monday in Chicago, 9 in the morning.
MORNING = 1_795_446_000_000
CLINIC = SimpleNamespace(name="Harbor Walk-in Clinic", time_zone="America/Chicago")


@dataclass
class Studio:
    """`up`, `socket_up`, `vendor_up`: what of the network is there. `broken`: all is answered with 502.

    `seen`: requests by path.
    """

    port: int = 0
    now: int = MORNING
    version: int = 1
    build: str = "b1"
    called: list[MonitorRow] = field(default_factory=list)
    waiting: list[MonitorRow] = field(default_factory=list)
    shown: Shown = field(default_factory=Shown)
    up: bool = True
    broken: bool = False
    socket_up: bool = True
    vendor_up: bool = False
    seen: Counter[str] = field(default_factory=Counter)
    pages: list[Page] = field(default_factory=list)
    streams: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def state(self) -> dict[str, Any]:
        return {"version": self.version, "vendor": self.vendor_up, "now": self.now}

    # --- What happens in the clinic ---

    def call(self, ticket: str, room: str = "Room 2", language: str = "en", **more: Any) -> MonitorRow:
        """Somebody is called, or called again."""
        calls = 1 + sum(row.calls for row in self.called if row.ticket == ticket)
        row = MonitorRow(ticket, "called", more.pop("label", ""), room, calls, self.now, language)
        self.called = [row, *(one for one in self.called if one.ticket != ticket)]
        self.waiting = [one for one in self.waiting if one.ticket != ticket]
        self.changed()
        return row

    def room(self, ticket: str) -> None:
        self.called = [one for one in self.called if one.ticket != ticket]
        self.changed()

    def changed(self) -> None:
        """Says so to every screen that hears it."""
        self.version += 1
        self.tell()

    def tell(self) -> None:
        for page in self.pages:
            with leaving(page):
                page.evaluate(TELL, [self.state, self.up and self.socket_up])

    def cut_sockets(self) -> None:
        """And lets none in until `socket_up`."""
        self.socket_up = False
        self.tell()

    # --- What the screen gets ---

    def board(self) -> str:
        return render_to_string(
            "monitor/_board.html", {"board": MonitorBoard(self.called, self.waiting, self.shown)}
        )

    def page(self) -> str:
        context = {"clinic": CLINIC, "topic": "t", "version": self.version, "now": self.now, "board": self.board()}
        common = {"build": self.build, "language": "en", "direction": "ltr"}
        return render_to_string("monitor/screen.html", {**context, **common})

    def answer(self, path: str) -> tuple[int, str, bytes]:
        """Status, kind and body."""
        if self.broken:
            return 502, "text/html", b"Bad gateway"
        if path.startswith("/static/"):
            return 200, mimetypes.guess_type(path)[0] or "", static(path.removeprefix("/static/"))
        if path == "/shell.js":
            return 200, "text/javascript", b""
        texts = {"/monitor/": self.page, "/monitor/board/": self.board}
        if path in texts:
            return 200, "text/html; charset=utf-8", texts[path]().encode()
        if path == "/serves/":
            return 204, "text/plain", b""
        values: dict[str, Any] = {"/live/t/": self.state, "/devices/report/": {}}
        values["/live/t/vendor/"] = {"url": f"{self.url}/sse", "seconds": 100_000}
        status = 200 if path in values and (self.vendor_up or path != "/live/t/vendor/") else 404
        return status, "application/json", json.dumps(values.get(path, {})).encode()


@contextmanager
def open_studio() -> Iterator[Studio]:
    studio = Studio()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = self.path.split("?")[0]
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            studio.seen[path] += 1
            if not studio.up:
                self.close_connection = True
            elif path == "/sse":
                _stream(studio, self)
            else:
                _send(studio, self, *studio.answer(path))

        do_POST = do_GET

        def log_message(self, *said: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    # Screens leave in the middle of an answer.
    server.handle_error = lambda *_who: None  # type: ignore[method-assign]
    server.daemon_threads = True
    studio.port = server.server_port
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield studio
    studio.up = False
    server.shutdown()
    server.server_close()


def _send(studio: Studio, handler: BaseHTTPRequestHandler, status: int, kind: str, body: bytes) -> None:
    handler.send_response(status)
    headers = {"Content-Type": kind, "Content-Length": str(len(body)), "Cache-Control": "no-store"}
    headers |= {"X-Version": str(studio.version), "X-Build": studio.build, "ETag": f'"{studio.version}"'}
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)


def _stream(studio: Studio, handler: BaseHTTPRequestHandler) -> None:
    """The vendor's, until it is cut: it says of each change."""
    handler.send_response(200)
    handler.send_header("Content-Type", "text/event-stream")
    handler.end_headers()
    studio.streams += 1
    told = studio.version
    try:
        while studio.up and studio.vendor_up and not studio.broken:
            if told != studio.version:
                told = studio.version
                handler.wfile.write(f"data: {json.dumps({'data': str(told)})}\n\n".encode())
                handler.wfile.flush()
            time.sleep(0.02)
    except OSError:
        pass
    finally:
        handler.close_connection = True
        studio.streams -= 1


@cache
def static(name: str) -> bytes:
    """A static file as the build makes it."""
    folder, _, rest = name.partition("/")
    if folder == "bundles":
        return bundles.joined(settings.BASE / "static", bundles.BUNDLES[rest]).encode()
    if folder == "fonts":
        made = fonts.make(Path(gettempdir()) / "evenkeel-studio-fonts")
        return next(path for path in made if path.name == rest).read_bytes()
    return (settings.BASE / "static" / name).read_bytes()


@dataclass
class Screen:
    """One TV in front of the studio."""

    studio: Studio
    page: Page

    def pass_time(self, seconds: float) -> None:
        """For the page and its server; nothing is left half done."""
        self.studio.now += round(seconds * 1000)
        with leaving(self.page):
            self.page.clock.run_for(round(seconds * 1000))
        self.settle()

    def settle(self) -> None:
        with leaving(self.page):
            self.page.evaluate(SETTLED)

    def keep_up(self, seconds: float, step: float = 3) -> None:
        """Passes time as on a sound network, where the socket speaks every few seconds."""
        while seconds > 0:
            self.studio.tell()
            self.pass_time(min(step, seconds))
            seconds -= step

    def listen(self, seconds: float) -> None:
        """As `keep_up`, in one go, while there is no news."""
        self.studio.tell()
        with leaving(self.page):
            self.page.evaluate(SPEAK, [self.studio.state, self.studio.up and self.studio.socket_up])
        self.pass_time(seconds)

    @contextmanager
    def running(self) -> Iterator[None]:
        """The clock runs as clocks do, for scripts that wait by it."""
        self.page.clock.resume()
        yield
        self.studio.now = int(self.page.evaluate("Date.now()")) + 2000
        self.page.clock.pause_at(self.studio.now / 1000)

    @property
    def announced(self) -> str:
        """The ticket that fills the screen, or nothing."""
        with leaving(self.page):
            return str(self.page.evaluate(ANNOUNCED))
        return ""

    def watched(self) -> list[tuple[str, float]]:
        """Who filled the screen until now, in order, and for how many seconds."""
        told = json.loads(self.page.evaluate("sessionStorage.getItem('watched') || '[]'"))
        return [(ticket, (to - since) / 1000) for ticket, since, to in told]

    def shows(self, version: int) -> None:
        """Waits until the page has the board of this version; one that was just being loaded is told again."""
        tv = self.page.locator("[data-topic]")
        until(lambda: tv.get_attribute("data-version") == str(version) or self.studio.tell())


def open_screen(context: BrowserContext, studio: Studio) -> Screen:
    """Its clock stands until the test lets time pass."""
    context.add_init_script(SOCKETS + WATCH)
    page = context.new_page()
    page.clock.install(time=studio.now / 1000 - 60)
    page.clock.pause_at(studio.now / 1000)
    page.goto(f"{studio.url}/monitor/")
    studio.pages.append(page)
    studio.tell()
    return Screen(studio, page)
