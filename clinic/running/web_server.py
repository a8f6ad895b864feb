"""The server of a web process: what it lets in has bounds, and one that ends drops nobody who was let in."""

from __future__ import annotations

import asyncio
import select
import socket
import time
from collections.abc import Sequence

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode

# Seconds in which who has just been let in says what they want. Uvicorn itself would hang up on them.
LEAVING = 0.5
CLOSE = (b"connection", b"close")
# Bytes of a request's first line and headers, beside what is read at once.
LONGEST_HEAD = 64 * 1024
# Bytes that a page may say on its socket in so many seconds. Ours listen: they say ten in twenty, to a ping.
MOST_SAID, SAID_WITHIN = 8 * 1024, 10.0


class WebServer(uvicorn.Server):
    """Uvicorn's, with a good end: it lets in nobody new, answers all others, and then closes what is idle."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        end = time.monotonic() + LEAVING
        # The system lets in for us; those would be reset.
        while _somebody_waits(sockets or []) and time.monotonic() < end:
            await asyncio.sleep(0)
        for server in self.servers:
            server.close()
        # A proxy that keeps connections is told with each answer that this one ends.
        self.server_state.default_headers = [*self.server_state.default_headers, CLOSE]
        while not self.force_exit and (left := end - time.monotonic()) > 0:
            await asyncio.sleep(min(0.1, left))
        await super().shutdown(sockets)


class BoundedHttp(HttpToolsProtocol):
    """Uvicorn's HTTP, which by itself would collect headers without an end for as long as any are sent, before a
    body or after it.
    """

    _is_in_message, _has_body, _head = False, False, 0

    def on_message_begin(self) -> None:
        self._is_in_message, self._head = True, 0
        super().on_message_begin()

    def on_body(self, body: bytes) -> None:
        self._has_body = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._is_in_message = False
        super().on_message_complete()

    def data_received(self, data: bytes) -> None:
        self._has_body = False
        super().data_received(data)
        if self._is_in_message and not self.transport.is_closing():
            self._head = 0 if self._has_body else self._head + len(data)
            if self._head > LONGEST_HEAD:
                self.send_400_response("The request's head is too long.")


class BoundedSocket(WebSocketsSansIOProtocol):
    """Uvicorn's WebSocket, for pages that only listen: one that says much is closed before that is read.

    By itself it takes all that was sent, frame by frame, before anybody else's turn: one socket full of small ones
    held a process's pages and sockets up for seconds.
    """

    _said, _since = 0, 0.0

    def data_received(self, data: bytes) -> None:
        # What comes first is the request, whose head has its own bound.
        if self.handshake_initiated and self._is_too_much(len(data)):
            self._refuse()
        else:
            super().data_received(data)

    def _is_too_much(self, length: int) -> bool:
        now = self.loop.time()
        if now - self._since > SAID_WITHIN:
            self._said, self._since = 0, now
        self._said += length
        return self._said > MOST_SAID

    def _refuse(self) -> None:
        self.conn.fail(CloseCode.POLICY_VIOLATION, "too much")
        if self.conn.close_sent is None:
            # Nobody was let in yet.
            self.transport.close()
        else:
            self.handle_parser_exception()


def _somebody_waits(listening: Sequence[socket.socket]) -> bool:
    """Whether a connection is made that the event loop has not taken yet."""
    look = select.poll()
    for one in listening:
        look.register(one, select.POLLIN)
    return bool(look.poll(0))
