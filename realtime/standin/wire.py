"""HTTP/1.1 on one accepted socket: requests in, answers and streams out."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import h11

LARGEST_BODY = 2 * 1024 * 1024
Headers = list[tuple[str, str]]


class Dropped(Exception):
    """This side ends the connection now, without finishing what it was saying."""


@dataclass(frozen=True)
class Request:
    """`target` is the path with its query, as sent; header names are lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        """The path alone, still percent-encoded."""
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        """The first value of each query parameter."""
        return {name: values[0] for name, values in parse_qs(urlsplit(self.target).query).items()}


@dataclass(frozen=True)
class Reply:
    """One whole answer."""

    status: int
    body: bytes
    headers: Headers = field(default_factory=list)

    @classmethod
    def json(cls, status: int, value: object, headers: Headers | None = None) -> Reply:
        """An answer whose body is `value` as JSON."""
        body = json.dumps(value, separators=(",", ":")).encode()
        return cls(status, body, [("Content-Type", "application/json"), *(headers or [])])


class Wire(asyncio.Protocol):
    """One connection. `lost` is set as soon as the other side has gone."""

    def __init__(self) -> None:
        self.lost = asyncio.Event()
        self._http = h11.Connection(h11.SERVER)
        self._heard = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._turn = asyncio.Lock()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._http.receive_data(data)
        self._heard.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self._http.receive_data(b"")
        for event in (self.lost, self._heard, self._writable):
            event.set()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    async def request(self) -> Request | None:
        """The next request, or None when there will be none. Raises Dropped if its body is too large."""
        head = await self._next_event()
        if not isinstance(head, h11.Request):
            return None
        body = bytearray()
        while isinstance(part := await self._next_event(), h11.Data):
            body += part.data
            if len(body) > LARGEST_BODY:
                raise Dropped
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in head.headers}
        return Request(head.method.decode(), head.target.decode("latin-1"), headers, bytes(body))

    async def answer(self, reply: Reply) -> None:
        """Sends a whole answer."""
        headers = [*reply.headers, ("Content-Length", str(len(reply.body)))]
        head = h11.Response(status_code=reply.status, headers=headers)
        await self._send(head, h11.Data(data=reply.body), h11.EndOfMessage())

    async def begin(self, headers: Headers) -> None:
        """Starts a 200 whose length is not known yet; go on with `more`, end with `end`."""
        await self._send(h11.Response(status_code=200, headers=headers))

    async def more(self, data: bytes) -> None:
        """Sends a part of the answer that `begin` started."""
        await self._send(h11.Data(data=data))

    async def end(self) -> None:
        """Ends the answer that `begin` started."""
        await self._send(h11.EndOfMessage())

    async def write(self, data: bytes) -> None:
        """Puts bytes on the connection, and waits while it is full."""
        if self._transport is None or self._transport.is_closing():
            raise Dropped
        self._transport.write(data)
        await self._writable.wait()

    def next_cycle(self) -> bool:
        """Makes ready for one more request; False if this connection may carry no more."""
        if self._http.our_state is not h11.DONE or self._http.their_state is not h11.DONE:
            return False
        self._http.start_next_cycle()
        return True

    async def close(self) -> None:
        """Ends the connection when all that was written has left."""
        if self._transport is not None:
            self._transport.close()
            await self.lost.wait()

    def abort(self) -> None:
        """Ends the connection at once."""
        if self._transport is not None:
            self._transport.abort()

    async def _next_event(self) -> object:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            self._heard.clear()
            await self._heard.wait()
        return event

    async def _send(self, *events: h11.Event) -> None:
        async with self._turn:
            await self.write(b"".join(self._http.send(event) or b"" for event in events))


Handler = Callable[[Request, Wire], Coroutine[Any, Any, None]]


async def first(*jobs: Coroutine[Any, Any, object]) -> None:
    """Runs all of them until one has ended, and cancels the others. What the ended one raised is raised."""
    tasks = [asyncio.ensure_future(job) for job in jobs]
    try:
        ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in ended:
        task.result()


async def converse(wire: Wire, handle: Handler) -> None:
    """Hands each request of the connection to `handle`, one after another, until either side ends it."""
    while (request := await wire.request()) is not None:
        await first(handle(request, wire), wire.lost.wait())
        if not wire.next_cycle():
            return


async def attend(
    wire: Wire, sock: socket.socket, context: ssl.SSLContext | None, talk: Callable[[], Awaitable[None]]
) -> None:
    """Puts `wire` on an accepted socket, runs `talk`, and ends the connection, whatever happens meanwhile."""
    try:
        await asyncio.get_running_loop().connect_accepted_socket(lambda: wire, sock, ssl=context)
        await talk()
        await wire.close()
    except (Dropped, OSError, h11.ProtocolError):
        pass
    finally:
        wire.abort()
