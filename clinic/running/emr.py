"""A receiver of our webhooks, for the demo: checks each signature, and keeps what it got in memory."""

from __future__ import annotations

import hmac
import json
import threading
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

from clinic.integrations import webhook

MOST_KEPT = 100_000
TOLERANCE_SECONDS = 300
LARGEST_BODY = 20_000


class Receiver(ThreadingHTTPServer):
    """`received`: `{"key", "type", "at", "times", "same"}` by webhook-id, oldest first."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], secret: str) -> None:
        super().__init__(address, Handler)
        self.secret = secret
        self.lock = threading.Lock()
        self.bodies: dict[str, bytes] = {}
        self.received: dict[str, dict[str, Any]] = {}

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Says nothing of clients that hang up."""

    def take(self, key: str, body: bytes) -> None:
        """Keeps one message; a repeat is counted, and noted if its body differs."""
        with self.lock:
            if key not in self.received:
                if len(self.received) >= MOST_KEPT:
                    oldest = next(iter(self.received))
                    del self.received[oldest], self.bodies[oldest]
                self.bodies[key] = body
                kind = json.loads(body)["type"]
                self.received[key] = {"key": key, "type": kind, "at": time.time(), "times": 0, "same": True}
            entry = self.received[key]
            entry["times"] += 1
            entry["same"] = entry["same"] and self.bodies[key] == body


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        server = cast(Receiver, self.server)
        with server.lock:
            rows = list(server.received.values())
        self._answer(HTTPStatus.OK, {"count": len(rows), "received": rows})

    def do_POST(self) -> None:
        server, headers = cast(Receiver, self.server), self.headers
        body = self.rfile.read(min(int(headers.get("content-length", "0")), LARGEST_BODY))
        key, at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        if not _is_ours(server.secret, key, at, body, headers.get("webhook-signature", "")):
            self._answer(HTTPStatus.UNAUTHORIZED, {"error": "bad signature"})
            return
        server.take(key, body)
        self._answer(HTTPStatus.OK, {"taken": key})

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing: addresses and keys are of no use in a log."""

    def _answer(self, status: HTTPStatus, body: dict[str, Any]) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


def serve(host: str, port: int, secret: str) -> None:
    """Serves until the process ends."""
    with Receiver((host, port), secret) as server:
        server.serve_forever()


def _is_ours(secret: str, key: str, at: str, body: bytes, given: str) -> bool:
    if not at.isdecimal() or abs(time.time() - int(at)) > TOLERANCE_SECONDS:
        return False
    wanted = webhook.sign([secret], key, at, body)
    return any(hmac.compare_digest(wanted, one) for one in given.split(" "))
