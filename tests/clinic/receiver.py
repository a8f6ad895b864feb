"""Another system, on loopback: takes webhooks, keeps what it got, and fails on command."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

DRIPS = 100


@dataclass
class Post:
    path: str
    headers: Message
    body: bytes


@dataclass
class Behaviour:
    """`status` and `headers` of each answer; `drip`: a byte every 50 ms for 5 s before it; `silent`: nothing."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    silent: bool = False
    drip: bool = False


class Receiver(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.posts: list[Post] = []
        self.now = Behaviour()
        self.closing = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hook"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller who hangs up is what some tests are about."""


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        server = cast(Receiver, self.server)
        body = self.rfile.read(int(self.headers["content-length"]))
        server.posts.append(Post(self.path, self.headers, body))
        if server.now.silent:
            server.closing.wait(10)
            return
        for _n in range(DRIPS if server.now.drip else 0):
            self.wfile.write(b"H")
            server.closing.wait(0.05)
        self.send_response(server.now.status)
        for name, value in server.now.headers.items():
            self.send_header(name, value)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""
