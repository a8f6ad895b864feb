"""What came to the data ports, for whoever has to prove that nothing else did."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

from realtime.standin.wire import Request

MOST_KEPT = 100_000


@dataclass
class SeenConnection:
    """Times are epoch seconds; `closed_at` is None while it is open."""

    id: int
    at: float
    closed_at: float | None = None


@dataclass(frozen=True)
class SeenRequest:
    """`path` holds the query too, `body` is text: all that a client told the vendor, but for its headers."""

    at: float
    method: str
    path: str
    body: str


class Seen:
    """The last MOST_KEPT connections and requests, oldest first, and how many connections are open now."""

    def __init__(self) -> None:
        self._connections: deque[SeenConnection] = deque(maxlen=MOST_KEPT)
        self._requests: deque[SeenRequest] = deque(maxlen=MOST_KEPT)
        self._count = 0
        self._open = 0

    @contextmanager
    def connection(self) -> Iterator[None]:
        """Notes a connection, open for the length of the block."""
        self._count += 1
        self._open += 1
        entry = SeenConnection(self._count, time.time())
        self._connections.append(entry)
        try:
            yield
        finally:
            entry.closed_at = time.time()
            self._open -= 1

    def request(self, request: Request) -> None:
        """Notes a request that was heard to its end."""
        body = request.body.decode("utf-8", "replace")
        self._requests.append(SeenRequest(time.time(), request.method, request.target, body))

    def reset(self) -> None:
        """Forgets all of it; connections that are open still count as open."""
        self._connections.clear()
        self._requests.clear()

    def report(self) -> dict[str, object]:
        """The answer to `GET /__seen`."""
        return {
            "connections": [asdict(connection) for connection in self._connections],
            "requests": [asdict(request) for request in self._requests],
            "open": self._open,
        }
