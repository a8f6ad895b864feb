"""The bell as pages hear it: `/ws/<topic>/`, a WebSocket that only ever says `{"version", "vendor", "now"}`."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from channels.db import database_sync_to_async
from django.db import Error as AnyDatabaseError

from realtime import rights
from realtime.broadcast import Listener, Watched
from realtime.hub import Hub

FORBIDDEN = 4403


@dataclass
class Seat:
    """What the admission finds out about a page that wants to listen; without a topic it is turned away."""

    grant: str = ""
    watched: Watched | None = None


class BellSocket:
    """The ASGI application of one hub's sockets.

    `admission` is one too: it ends once it has filled the Seat that it finds in the scope as "seat", or refused
    the page. An open socket then holds nothing of it.
    """

    def __init__(self, hub: Hub, admission: Any) -> None:
        self.hub, self.admission = hub, admission

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await receive()
        seat = Seat()
        try:
            await self.admission({**scope, "seat": seat}, receive, send)
        except AnyDatabaseError:
            # Turned away like a stranger; a page tries again by itself.
            await send({"type": "websocket.close", "code": FORBIDDEN})
        if seat.watched is not None:
            await send({"type": "websocket.accept"})
            await self._until_gone(seat.grant, seat.watched, receive, send)

    async def _until_gone(self, grant: str, watched: Watched, receive: Any, send: Any) -> None:
        # Its end is brought forward when the page is to leave.
        with suppress(TimeoutError):
            async with asyncio.timeout(None) as stay:
                listener = Listener(grant, watched, send, partial(_end, stay))
                self.hub.add(listener)
                try:
                    await _disconnected(receive)
                finally:
                    self.hub.remove(listener)


class Admission:
    """Finds out who wants to listen and whether they may, and fills their seat."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        name: str = scope["url_route"]["kwargs"]["topic"]
        grant = await _grant(name, scope)
        watched = await self.hub.watch(name) if grant else None
        if grant is None or watched is None or self.hub.topics.get(name) is not watched:
            await send({"type": "websocket.close", "code": FORBIDDEN})
            return
        scope["seat"].grant, scope["seat"].watched = grant, watched


async def _grant(name: str, scope: Any) -> str | None:
    grant: str | None = await database_sync_to_async(_may_listen)(name, scope)
    return grant


def _may_listen(name: str, scope: Any) -> str | None:
    return rights.may_listen(name, scope.get("cookies", {}), scope.get("user"))


def _end(stay: asyncio.Timeout) -> None:
    # It may have ended already.
    with suppress(RuntimeError):
        stay.reschedule(0)


async def _disconnected(receive: Any) -> None:
    while (await receive())["type"] != "websocket.disconnect":
        pass
