"""The bell as pages hear it: `/ws/<topic>/`, a WebSocket that only ever says `{"version", "vendor", "now"}`."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from channels.db import database_sync_to_async
from django.db import DatabaseError

from realtime import rights
from realtime.hub import Hub, Listener, Watched

SLOW = 5.0
GOING_AWAY, FORBIDDEN = 1001, 4403


class BellSocket:
    """The ASGI application of one hub's sockets."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await receive()
        name: str = scope["url_route"]["kwargs"]["topic"]
        grant, watched = await self._admit(name, scope)
        if grant is None or watched is None or name not in self.hub.topics:
            await send({"type": "websocket.close", "code": FORBIDDEN})
            return
        listener = Listener(grant)
        self.hub.add(name, listener)
        try:
            await send({"type": "websocket.accept"})
            await self._until_gone(watched, listener, receive, send)
        finally:
            self.hub.remove(name, listener)

    async def _admit(self, name: str, scope: Any) -> tuple[str | None, Watched | None]:
        try:
            grant = await _grant(name, scope)
            return grant, await self.hub.watch(name) if grant else None
        except DatabaseError:
            # Turned away like a stranger; a page tries again by itself.
            return None, None

    async def _until_gone(self, watched: Watched, listener: Listener, receive: Any, send: Any) -> None:
        gone = asyncio.create_task(_disconnected(receive))
        speaking = asyncio.create_task(self._speak(watched, listener, send))
        try:
            await asyncio.wait({gone, speaking}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            speaking.cancel()
            await asyncio.gather(gone, speaking, return_exceptions=True)

    async def _speak(self, watched: Watched, listener: Listener, send: Any) -> None:
        """Says the newest state whenever woken. One that cannot take it in SLOW seconds is closed."""
        while not listener.ended:
            text = json.dumps(self.hub.state(watched))
            # Not wait_for, which up to Python 3.11 may swallow the cancellation that ends this.
            async with asyncio.timeout(SLOW):
                await send({"type": "websocket.send", "text": text})
            await listener.wake.wait()
            listener.wake.clear()
        await send({"type": "websocket.close", "code": GOING_AWAY})


async def _grant(name: str, scope: Any) -> str | None:
    grant: str | None = await database_sync_to_async(_may_listen)(name, scope)
    return grant


def _may_listen(name: str, scope: Any) -> str | None:
    return rights.may_listen(name, scope.get("cookies", {}), scope.get("user"))


async def _disconnected(receive: Any) -> None:
    while (await receive())["type"] != "websocket.disconnect":
        pass
