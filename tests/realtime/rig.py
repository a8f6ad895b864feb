"""A running hub, pages that listen to it, and a Valkey that a test may freeze or kill."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from asgiref.sync import sync_to_async
from django.db import connections

from realtime.broadcast import Listener, Watched
from realtime.hub import Hub
from realtime.models import Topic

NEVER = 3600.0
ORIGIN = (b"origin", b"http://127.0.0.1:8000")


async def until(condition: Callable[[], object], seconds: float = 5.0) -> float:
    """Waits for the condition; how long it took. Fails when it does not come true in time."""
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < seconds, "it did not come true in time"
        await asyncio.sleep(0.005)
    return time.monotonic() - begun


def ring(name: str, version: int) -> dict[str, Any]:
    """A notice as the layer carries it."""
    return {"type": "notices", "notices": [[name, version]]}


async def raised(topic: Topic, by: int = 1) -> None:
    """Raises a version in the database, and tells nobody."""
    topic.version += by
    await topic.asave()


@asynccontextmanager
async def running_hub() -> AsyncIterator[Hub]:
    """A hub on this event loop, stopped at the end."""
    hub = Hub()
    await hub.start()
    try:
        yield hub
    finally:
        await hub.stop()
        # The thread that asgiref keeps holds a connection of its own.
        await sync_to_async(connections.close_all)()


class Ear:
    """Stands for an open socket that listens to a topic. `heard`: what it was told; `code`: of its close, or 0."""

    def __init__(self, watched: Watched | None, grant: str = "grant") -> None:
        assert watched is not None
        self.heard: list[dict[str, Any]] = []
        self.code, self.left = 0, False
        self.may_take = asyncio.Event()
        self.may_take.set()
        self.listener = Listener(grant, watched, self.take, self.leave)

    async def take(self, message: dict[str, Any]) -> None:
        """As a server's send: it waits while the client does not read."""
        await self.may_take.wait()
        if message["type"] == "websocket.close":
            self.code = message["code"]
        else:
            self.heard.append(json.loads(message["text"]))

    def leave(self) -> None:
        self.left = True

    def versions(self) -> list[int]:
        return [state["version"] for state in self.heard]


class Page:
    """A WebSocket client as the ASGI server shows it to the application."""

    def __init__(self, app: Any, topic: str, *headers: tuple[bytes, bytes], send: Any = None) -> None:
        self.heard: list[dict[str, Any]] = []
        self.accepted, self.closed = asyncio.Event(), asyncio.Event()
        self.code = 0
        self._inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.say({"type": "websocket.connect"})
        path = f"/ws/{topic}/"
        scope = {"type": "websocket", "path": path, "headers": list(headers), "query_string": b""}
        self.task = asyncio.create_task(app(scope, self._inbox.get, send or self.take))

    def say(self, message: dict[str, Any]) -> None:
        """An event from the client's side."""
        self._inbox.put_nowait(message)

    async def take(self, message: dict[str, Any]) -> None:
        """An event from the application's side."""
        if message["type"] == "websocket.accept":
            self.accepted.set()
        elif message["type"] == "websocket.close":
            self.code = message.get("code", 1000)
            self.closed.set()
        else:
            self.heard.append(json.loads(message["text"]))

    async def leave(self) -> None:
        """The client goes; returns when the application has ended."""
        self.say({"type": "websocket.disconnect", "code": 1000})
        await asyncio.wait_for(self.task, 10)


@contextmanager
def frozen(redis_client: Any) -> Iterator[None]:
    """Redis takes connections and bytes, and answers nothing, as long as the block runs."""
    pid = redis_client.info("server")["process_id"]
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)
