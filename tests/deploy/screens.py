"""Wait-room screens without a browser: each hears its socket, asks the floor while that is away, and fetches, as
static/js/live.js does. And the database's own word of when there was what to show."""

from __future__ import annotations

import json
import random
import threading
import time
from dataclasses import dataclass, field

import httpx
import psycopg
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from tests.deploy.cluster import Cluster

# Seconds, as in live.js.
SILENT, ANSWERED_WITHIN = 12.0, 4.0
LOOK_EVERY = 0.02


@dataclass
class Screen(threading.Thread):
    """`shown`: (when, version) of each board it fetched. `errors`: of its fetches. `sockets`: how many it had."""

    cluster: Cluster
    topic: str
    ending: threading.Event
    shown: list[tuple[float, int]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    sockets: int = 0
    refused: int = 0

    def __post_init__(self) -> None:
        super().__init__(daemon=True)
        self.http = self.cluster.client("monitor", ANSWERED_WITHIN)
        self.etag, self.failures = "", 0

    # A thread is known by itself, not by what it has seen.
    __hash__ = threading.Thread.__hash__

    def run(self) -> None:
        while not self.ending.is_set():
            try:
                with self._socket() as socket:
                    self._listen(socket)
            except (OSError, WebSocketException):
                self.failures += 1
            if not self.ending.is_set():
                self._ask_the_floor()
                # The jitter of `backOff`.
                self.ending.wait(0.1 + random.uniform(0, min(10.0, 0.5 * 2**self.failures)))

    def _socket(self) -> ClientConnection:
        name, value = self.cluster.keys["monitor"]
        url = f"{self.cluster.url.replace('http', 'ws', 1)}/ws/{self.topic}/"
        cookie = {"Cookie": f"{name}={value}"}
        try:
            socket = connect(
                url,
                ssl=self.cluster.proxy.trusting(),
                origin=self.cluster.url,
                additional_headers=cookie,
                proxy=None,
            )
        except (OSError, WebSocketException):
            self.refused += 1
            raise
        self.sockets += 1
        return socket

    def _listen(self, socket: ClientConnection) -> None:
        while not self.ending.is_set():
            self._told(json.loads(socket.recv(SILENT)))
            self.failures = 0

    def _ask_the_floor(self) -> None:
        answer = self._ask(f"/live/{self.topic}/")
        if answer is not None:
            self._told(answer.json())

    def _told(self, state: dict[str, int]) -> None:
        if self.shown and state["version"] <= self.shown[-1][1]:
            return
        answer = self._ask("/monitor/board/", {"If-None-Match": self.etag} if self.etag else {})
        if answer is not None:
            self.etag = answer.headers["ETag"]
            self.shown.append((time.monotonic(), int(answer.headers["X-Version"])))

    def _ask(self, path: str, headers: dict[str, str] | None = None) -> httpx.Response | None:
        try:
            answer = self.http.get(path, headers=headers)
        except httpx.TransportError as error:
            self.errors.append(f"{type(error).__name__} at {path.split('/')[1]}")
            return None
        if answer.status_code not in (200, 304):
            self.errors.append(f"{answer.status_code} at {path.split('/')[1]}")
            return None
        return answer


@dataclass
class Truth(threading.Thread):
    """When each version of the topic was first in the database, within LOOK_EVERY."""

    database_url: str
    topic: str
    ending: threading.Event
    versions: list[tuple[float, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    __hash__ = threading.Thread.__hash__

    def run(self) -> None:
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            while not self.ending.wait(LOOK_EVERY):
                found = connection.execute("SELECT version FROM realtime_topic WHERE name = %s", [self.topic])
                version = found.fetchone()[0]  # type: ignore[index]
                if not self.versions or version > self.versions[-1][1]:
                    self.versions.append((time.monotonic(), version))


def gaps(truth: list[tuple[float, int]], shown: list[tuple[float, int]]) -> list[float]:
    """Seconds from each version until a screen showed it or a newer one; endless for what it never showed."""
    found = []
    for at, version in truth:
        when = next((seen for seen, newest in shown if newest >= version), float("inf"))
        found.append(max(0.0, when - at))
    return found
