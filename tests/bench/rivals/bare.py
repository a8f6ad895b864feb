"""The floor: a bare ASGI WebSocket server that hears Redis, and a trivial Django view behind our middleware.

Nothing faster can be built of these parts: no rights, no versions, no database.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from contextlib import suppress
from typing import Any

import redis.asyncio
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler

from tests.bench.changes import CHANNEL

settings.ROOT_URLCONF = "tests.bench.rivals.urls"


class Bare:
    """Messages are `TOPIC TEXT`: the text goes to each socket of the topic."""

    def __init__(self) -> None:
        self.sends: dict[str, set[Any]] = defaultdict(set)
        self.pages = ASGIHandler()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        serve = {"websocket": self._socket, "lifespan": self._life, "http": self.pages}[scope["type"]]
        await serve(scope, receive, send)

    async def _socket(self, scope: Any, receive: Any, send: Any) -> None:
        await receive()
        here = self.sends[scope["path"].split("/")[2]]
        await send({"type": "websocket.accept"})
        here.add(send)
        while (await receive())["type"] != "websocket.disconnect":
            pass
        here.discard(send)

    async def _life(self, _scope: Any, receive: Any, send: Any) -> None:
        await receive()
        async with redis.asyncio.from_url(settings.REDIS_URL).pubsub() as heard:
            await heard.subscribe(CHANNEL)
            task = asyncio.create_task(self._relay(heard))
            await send({"type": "lifespan.startup.complete"})
            await receive()
            task.cancel()
        await send({"type": "lifespan.shutdown.complete"})

    async def _relay(self, heard: Any) -> None:
        async for message in heard.listen():
            if message["type"] == "message":
                topic, _, text = message["data"].decode().partition(" ")
                for send in list(self.sends[topic]):
                    with suppress(Exception):
                        await send({"type": "websocket.send", "text": text})


application = Bare()
