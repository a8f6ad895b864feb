"""A FHIR server on loopback that keeps what it is sent, and fails on command."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import parse_qs, unquote, urlsplit

from clinic.integrations.fhir_resources import Resource

CAPABLE: Resource = {
    "resourceType": "CapabilityStatement",
    "fhirVersion": "4.0.1",
    "software": {"name": "Peer", "version": "7"},
    "rest": [
        {
            "mode": "server",
            "resource": [
                {"type": kind, "conditionalCreate": True} for kind in ("Patient", "Appointment", "Encounter")
            ],
        }
    ],
}


@dataclass
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: Any


@dataclass
class Fault:
    """What the server does instead of a right answer. `loses`: does as asked, and hangs up without an answer."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    loses: bool = False


@dataclass
class Reply:
    status: int
    body: Any = None
    location: str = ""


class FhirPeer(ThreadingHTTPServer):
    """`faults`: for the next requests, by method and type such as "POST Patient", each used once.

    `tells`: how it says an id: "location", "body" or "nothing".
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.kept: dict[str, dict[str, Resource]] = {}
        self.asked: list[Asked] = []
        self.faults: dict[str, list[Fault]] = {}
        self.token = ""
        self.tells = "location"
        self.statement: Any = CAPABLE
        self._count = 100

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/fhir"

    @property
    def steps(self) -> list[str]:
        """What was asked, such as "POST Patient"."""
        return [f"{one.method} {one.path.split('?')[0]}" for one in self.asked]

    def one(self, kind: str) -> Resource:
        """The one resource of this type that it keeps."""
        (found,) = self.kept[kind].values()
        return found

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller who hangs up is what some tests are about."""

    def reply(self, asked: Asked) -> Reply:
        """What a right server answers, and does."""
        path, _mark, query = asked.path.partition("?")
        kind, _slash, known = path.partition("/")
        if self.token and asked.headers.get("authorization") != f"Bearer {self.token}":
            return Reply(401)
        if path == "metadata":
            return Reply(200, self.statement)
        if asked.method == "POST":
            return self._create(kind, asked)
        return self._replace(kind, known, asked) if asked.method == "PUT" else self._search(kind, query)

    def _create(self, kind: str, asked: Asked) -> Reply:
        there = self._find(kind, asked.headers["if-none-exist"])
        if len(there) > 1:
            return Reply(412)
        if there:
            return self._told(200, kind, there[0])
        self._count += 1
        self.kept.setdefault(kind, {})[str(self._count)] = {**asked.body, "id": str(self._count)}
        return self._told(201, kind, str(self._count))

    def _told(self, status: int, kind: str, known: str) -> Reply:
        if self.tells == "location":
            return Reply(status, location=f"{self.url}/{kind}/{known}/_history/1")
        return Reply(status, self.kept[kind][known] if self.tells == "body" else None)

    def _replace(self, kind: str, known: str, asked: Asked) -> Reply:
        if known not in self.kept.get(kind, {}):
            return Reply(404)
        assert asked.body["id"] == known
        self.kept[kind][known] = asked.body
        return Reply(200)

    def _search(self, kind: str, query: str) -> Reply:
        found = [{"resource": self.kept[kind][known]} for known in self._find(kind, query)]
        return Reply(200, {"resourceType": "Bundle", "type": "searchset", "entry": found})

    def _find(self, kind: str, query: str) -> list[str]:
        system, value = parse_qs(query)["identifier"][0].split("|")
        wanted = {"system": system, "value": value}
        return [known for known, resource in self.kept.get(kind, {}).items() if wanted in resource["identifier"]]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _serve(self) -> None:
        peer = cast(FhirPeer, self.server)
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        parts = urlsplit(self.path)
        path = unquote(parts.path).removeprefix("/fhir/") + (f"?{parts.query}" if parts.query else "")
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Asked(self.command, path, headers, json.loads(body) if body else None)
        peer.asked.append(asked)
        faults = peer.faults.get(f"{self.command} {path.split('?')[0].split('/')[0]}")
        fault = faults.pop(0) if faults else None
        if fault is not None and not fault.loses:
            self._answer(fault.status, fault.body, fault.headers)
            return
        reply = peer.reply(asked)
        if fault is not None:
            self.close_connection = True
            return
        text = json.dumps(reply.body).encode() if reply.body is not None else b""
        self._answer(reply.status, text, {"location": reply.location} if reply.location else {})

    do_GET = do_POST = do_PUT = _serve

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "content-length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


@contextmanager
def serving() -> Iterator[FhirPeer]:
    """A FHIR server until the block ends."""
    with FhirPeer() as peer:
        thread = threading.Thread(target=peer.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield peer
        finally:
            peer.shutdown()
            thread.join()
