"""Thousands of WebSocket clients in one process, each as cheap as it can be: they note the newest version."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
TEXT, PING, PONG = 1, 9, 0x8A
# So many handshakes at a time.
AT_ONCE = 50


class Member(asyncio.Protocol):
    """One client. `version`: the newest it heard."""

    def __init__(self, crowd: Crowd) -> None:
        self.crowd = crowd
        self.version = 0
        self.is_open = asyncio.get_running_loop().create_future()
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.Transport = transport  # type: ignore[assignment]
        self.transport.write(self.crowd.handshake)

    def connection_lost(self, error: Exception | None) -> None:
        self.crowd.members.discard(self)
        if not self.is_open.done():
            self.is_open.set_exception(ConnectionError("turned away"))

    def data_received(self, data: bytes) -> None:
        data = self._rest + data
        if not self.is_open.done():
            head, end, data = data.partition(b"\r\n\r\n")
            if not end:
                self._rest = head
                return
            self._open(head)
        self._rest = self._frames(data)

    def _open(self, head: bytes) -> None:
        if head.startswith(b"HTTP/1.1 101 "):
            self.is_open.set_result(None)
            self.crowd.members.add(self)
        else:
            self.is_open.set_exception(ConnectionError(head.partition(b"\r\n")[0].decode()))

    def _frames(self, data: bytes) -> bytes:
        """Takes whole frames; gives back what is left. Ours are short: their length is one byte."""
        while len(data) >= 2 and len(data) >= (end := 2 + data[1]):
            self._frame(data[0] & 15, data[2:end])
            data = data[end:]
        return data

    def _frame(self, kind: int, body: bytes) -> None:
        if kind == TEXT:
            version = int(body[len(b'{"version": ') : body.index(b",")])
            if version != self.version:
                self.version = version
                self.crowd.heard(version)
        elif kind == PING:
            self.transport.write(bytes([PONG, 0x80 | len(body)]) + bytes(4) + body)


class Crowd:
    """Clients of one topic, while a block runs. `cookie`: what proves them. `members`: those who are connected."""

    def __init__(self, port: int, topic: str, cookie: str) -> None:
        here = f"127.0.0.1:{port}"
        lines = [f"GET /ws/{topic}/ HTTP/1.1", f"Host: {here}", f"Origin: http://{here}", f"Cookie: {cookie}"]
        lines += ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"]
        self.handshake = "\r\n".join([*lines, f"Sec-WebSocket-Key: {KEY}", "", ""]).encode()
        self.port = port
        self.members: set[Member] = set()
        self._wanted = self._heard = 0
        self._all = asyncio.Event()

    async def __aenter__(self) -> Crowd:
        return self

    async def __aexit__(self, *_error: object) -> None:
        self.vanish(len(self.members))
        # Transports end on the loop's next turns.
        await asyncio.sleep(0.05)

    async def join(self, number: int, make: Callable[[], socket.socket] = socket.socket) -> None:
        """So many more, each let in. Raises ConnectionError for one that is not."""
        gate = asyncio.Semaphore(AT_ONCE)

        async def one() -> None:
            async with gate:
                loop, sock = asyncio.get_running_loop(), make()
                sock.setblocking(False)
                await loop.sock_connect(sock, ("127.0.0.1", self.port))
                _, member = await loop.create_connection(lambda: Member(self), sock=sock)
                await asyncio.wait_for(member.is_open, 20)

        await asyncio.gather(*(one() for _n in range(number)))

    def heard(self, version: int) -> None:
        """For members: one has heard."""
        if version == self._wanted:
            self._heard += 1
            self._last = time.perf_counter()
            if self._heard >= len(self.members):
                self._all.set()

    async def all_hear(self, version: int, ring: Callable[[int], None], seconds: float = 20.0) -> float:
        """Seconds from the ring until the last of all heard. AssertionError after `seconds`."""
        self._wanted, self._heard = version, 0
        self._all.clear()
        began = time.perf_counter()
        ring(version)
        try:
            await asyncio.wait_for(self._all.wait(), seconds)
        except TimeoutError:
            raise AssertionError(f"{self._heard} of {len(self.members)} heard in {seconds} s") from None
        return self._last - began

    def vanish(self, number: int) -> None:
        """The connections of so many are reset, without a word."""
        for _n in range(number):
            self.members.pop().transport.abort()


def narrow() -> socket.socket:
    """A socket whose buffers, here and at the server, fill up soon when nobody reads."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 500)
    return sock
