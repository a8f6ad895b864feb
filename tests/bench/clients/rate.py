"""How many requests a second: a few kept-alive connections, each with one request in flight, never more."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass
from typing import Any

LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.I)


@dataclass(frozen=True)
class Rate:
    """Answers a second, and which share of a core the client itself took."""

    each_second: float
    client_share: float


class Asker(asyncio.Protocol):
    """Asks again as soon as it is answered. Every answer must be as long as the first, and a 200."""

    def __init__(self, request: bytes) -> None:
        self.request = request
        self.answers, self.size, self.got = 0, 0, b""
        self.ended = False

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        self.got += data
        if not self.size:
            self.size = _size(self.got)
        if not self.size or len(self.got) < self.size:
            return
        if len(self.got) > self.size or not self.got.startswith(b"HTTP/1.1 200"):
            self.ended = True
            self.transport.abort()
            return
        self.got = b""
        self.answers += 1
        self.transport.write(self.request)

    def connection_lost(self, error: Exception | None) -> None:
        self.ended = True


class Askers:
    """The load of one process."""

    async def run(self, port: int, path: str, connections: int, seconds: float) -> Rate:
        """Raises ConnectionError when an answer was not as the first, or none came."""
        request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
        loop = asyncio.get_running_loop()
        makers = [loop.create_connection(lambda: Asker(request), "127.0.0.1", port) for _n in range(connections)]
        askers = [asker for _transport, asker in await asyncio.gather(*makers)]
        began, spent = time.monotonic(), time.process_time()
        await asyncio.sleep(seconds)
        took, cpu = time.monotonic() - began, time.process_time() - spent
        answers, sizes = [asker.answers for asker in askers], {asker.size for asker in askers}
        is_well = all(answers) and len(sizes) == 1 and not any(asker.ended for asker in askers)
        for asker in askers:
            asker.transport.abort()
        if not is_well:
            raise ConnectionError(f"{path} was not always answered alike")
        return Rate(sum(answers) / took, cpu / took)


def _size(begin: bytes) -> int:
    """The length of the whole answer; 0 while its head is not whole."""
    head, end, _body = begin.partition(b"\r\n\r\n")
    found = LENGTH.search(head)
    return len(head) + len(end) + int(found[1]) if end and found else 0
