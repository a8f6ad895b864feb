"""A raw WebSocket client, as cheap as can be: it reads text frames, answers pings, and says nothing else."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

TEXT, PING, WHOLE_TEXT = 1, 9, 0x81
PONG, MASK = 0x8A, bytes(4)
SHORT = 126


@dataclass(frozen=True)
class Place:
    """Where a screen listens and what it shows. `fetch`: the path of what it gets when it hears of a change."""

    port: int
    topic: str
    cookie: str
    fetch: str = "/"

    def handshake(self) -> bytes:
        """With the origin that a page of ours has."""
        key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13"
        upgrade = f"Connection: Upgrade\r\nUpgrade: websocket\r\n{key}"
        return self._request(f"/ws/{self.topic}/", upgrade)

    def request(self, etag: str = "") -> bytes:
        """One GET of what the screen shows, on a connection of its own: a browser's has ended since the last."""
        condition = f"\r\nIf-None-Match: {etag}" if etag else ""
        return self._request(self.fetch, "Connection: close" + condition)

    def _request(self, path: str, more: str) -> bytes:
        us = f"127.0.0.1:{self.port}"
        return (
            f"GET {path} HTTP/1.1\r\nHost: {us}\r\nOrigin: http://{us}\r\nCookie: {self.cookie}\r\n{more}\r\n\r\n"
        ).encode()


class Socket(asyncio.Protocol):
    """One open WebSocket; `heard` gets the bytes of each text frame. `lost`: the server ended it."""

    def __init__(self, place: Place, heard: Callable[[bytes], None]) -> None:
        self.place, self._heard = place, heard
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.lost = False
        self._rest = b""

    async def open(self, make: Callable[[], socket.socket] = socket.socket) -> Self:
        """Connects, and is let in. Raises ConnectionError when the server refuses."""
        loop, sock = asyncio.get_running_loop(), make()
        sock.setblocking(False)
        await loop.sock_connect(sock, ("127.0.0.1", self.place.port))
        await loop.create_connection(lambda: self, sock=sock)
        await self.opened
        return self

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.write(self.place.handshake())

    def data_received(self, data: bytes) -> None:
        # Nearly always one short text frame, whole: a crowd's client must cost less than its server.
        if not self._rest and len(data) > 2 and data[0] == WHOLE_TEXT and data[1] == len(data) - 2 < SHORT:
            self._heard(data[2:])
            return
        data = self._rest + data
        if not self.opened.done():
            head, end, data = data.partition(b"\r\n\r\n")
            if not end:
                self._rest = head
                return
            self._shake_hands(head)
        self._rest = self._read(data)

    def connection_lost(self, error: Exception | None) -> None:
        self.lost = True
        if not self.opened.done():
            self.opened.set_exception(ConnectionError("closed during the handshake"))

    def _shake_hands(self, head: bytes) -> None:
        if b" 101 " in head[:16]:
            self.opened.set_result(None)
        else:
            self.opened.set_exception(ConnectionError(head[:60].decode()))

    def _read(self, data: bytes) -> bytes:
        """Takes every whole frame; what is left is the beginning of the next."""
        at = 0
        while len(data) - at >= 2:
            size, start = data[at + 1], at + 2
            if size == SHORT:
                size, start = int.from_bytes(data[at + 2 : at + 4]), at + 4
            if len(data) < start + size:
                break
            self._take(data[at] & 15, data[start : start + size])
            at = start + size
        return data[at:]

    def _take(self, kind: int, payload: bytes) -> None:
        if kind == TEXT:
            self._heard(payload)
        elif kind == PING:
            # With a mask of zeros the few bytes go back as they are.
            self.transport.write(bytes([PONG, 0x80 | len(payload)]) + MASK + payload)
