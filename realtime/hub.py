"""One hub in each web process: hears the layer, asks the database each second, rings this process's pages.

It holds, for every topic that somebody here watches, the newest version it knows, whether pages may use the
vendor, and how far the database's clock is from ours. A lost ring lives for a second at most, since the look at
the database finds what the layer missed; so sockets work without Redis, and a screen works without either.
"""

from __future__ import annotations

import asyncio
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from channels.layers import get_channel_layer
from django.db import OperationalError, connections

from realtime import bell, breaker, counted, gate, heartbeats, look, obedience, rights
from realtime.broadcast import Broadcast, Listener, Watched
from realtime.known_topics import KnownTopics
from realtime.transports.channels import GROUP

logger = logging.getLogger(__name__)

SECOND = 1.0
LOOKED_AT = 60.0
LOOK_GOOD_FOR = 5.0
MOST_WATCHED = 20_000
LAST_LOOK = 1.0
BEAT = 5
# Seconds, which are longer while Redis is away: a right that ended unheard is noticed within five.
RIGHTS_EVERY = 3


class Hub:
    """Lives on one event loop. Only `hear` may be called from other threads."""

    def __init__(self) -> None:
        self.topics: dict[str, Watched] = {}
        self.vendor = False
        self._breaker: breaker.View | None = None
        self._obeys = obedience.UNSEEN
        self._broadcast = Broadcast(self.text)
        self._seconds = 0
        self._ahead = 0.0
        self._good_until = 0.0
        self._look = asyncio.Event()
        self._doubted: set[str] = set()
        self._doubt = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        said = {"sockets": self.sockets, "obeys": lambda: obedience.taken_in(self._obeys)}
        # It beats also while the database does not say whether there is a newer version to obey.
        self._heart = heartbeats.Heart("web", [heartbeats.PAGES], **said)
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="hub-second")
        self._finder = ThreadPoolExecutor(1, thread_name_prefix="hub-find")
        self._known = KnownTopics(lambda: self._loop.run_in_executor(self._finder, look.names))

    async def start(self) -> None:
        """Begins to listen; call on the event loop that will serve the pages."""
        self._loop = asyncio.get_running_loop()
        self._good_until = time.monotonic() + LOOK_GOOD_FOR
        doing = (self._receive(), self._every_second(), self._settle_doubts())
        self._tasks = [asyncio.create_task(each) for each in doing]
        self._heart.start()
        bell.connect(self.hear)

    async def stop(self) -> None:
        """Ends everything; open sockets are told to close."""
        bell.connect(None)
        pending = set(self._tasks)
        while pending:
            # Again and again: up to Python 3.11 the layer's own waits may swallow a cancellation.
            for task in pending:
                task.cancel()
            _done, pending = await asyncio.wait(pending, timeout=0.1)
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for listener in self._listeners():
            self._end(listener)
        await asyncio.to_thread(self._heart.stop)
        closing = [asyncio.wrap_future(one.submit(connections.close_all)) for one in (self._reader, self._finder)]
        # Not for ever: a database that hangs may hold a look.
        await asyncio.wait(closing, timeout=LAST_LOOK)
        for one in (self._reader, self._finder):
            one.shutdown(wait=False)

    def hear(self, message: dict[str, Any]) -> None:
        """Takes a message of the layer, from any thread."""
        # The loop may have ended without a word.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._take, message)

    async def watch(self, name: str) -> Watched | None:
        """The topic, watched from now on for LOOKED_AT seconds; None for one that does not exist.

        Raises django.db.DatabaseError when the database does not answer, here or to the hub's looks of the last
        LOOK_GOOD_FOR seconds: a page that is told an old version would take what it shows for current.
        """
        if time.monotonic() > self._good_until:
            raise OperationalError("the hub's last look at the database is too old")
        known = self.topics.get(name)
        if known is None:
            if not await self._known.has(name):
                return None
            version = await self._loop.run_in_executor(self._finder, look.version_of, name)
            if version is None:
                return None
            known = self.topics.get(name) or Watched(version)
            if len(self.topics) < MOST_WATCHED:
                self.topics[name] = known
        known.until = time.monotonic() + LOOKED_AT
        return known

    async def knows(self, name: str) -> bool:
        """Whether there is such a topic; keeps nothing. Raises django.db.DatabaseError when nobody can say."""
        return name in self.topics or await self._known.has(name)

    def add(self, listener: Listener) -> None:
        """It hears the state now, and each newer one."""
        listener.watched.listeners.add(listener)
        self._broadcast.tell([listener])

    def remove(self, listener: Listener) -> None:
        listener.watched.listeners.discard(listener)

    def sockets(self) -> int:
        """How many are open. From any thread."""
        return sum(len(watched.listeners) for watched in list(self.topics.values()))

    def text(self, watched: Watched) -> str:
        """What a page is told: `{"version": int, "vendor": may it use the vendor's stream, "now": epoch ms}`.

        The time is the database's, since a page takes from it times that are in rows. Written by hand: the floor
        gives it out by the ten thousand a second.
        """
        now = int((time.time() + self._ahead) * 1000)
        vendor = "true" if self.vendor else "false"
        return f'{{"version": {watched.version}, "vendor": {vendor}, "now": {now}}}'

    def _take(self, message: dict[str, Any]) -> None:
        if message.get("type") == "gate":
            self._look.set()
        elif message.get("type") == "notices":
            for name, version in message["notices"]:
                if self._ring(name, version):
                    counted.NEWS.count("ring")
        elif message.get("type") == "rights":
            for name in message["topics"]:
                self._ask_about(name)

    def _ring(self, name: str, version: int) -> bool:
        """Whether this is news; then all who listen to the topic are told."""
        watched = self.topics.get(name)
        if watched is None or version <= watched.version:
            return False
        watched.version = version
        self._broadcast.tell(watched.listeners)
        return True

    def _ask_about(self, name: str) -> None:
        """Some of those who listen to this topic may have lost the right to."""
        self._doubted.add(name)
        self._doubt.set()

    async def _receive(self) -> None:
        layer: Any = get_channel_layer()
        channel = await self._subscribe(layer)
        while True:
            try:
                self._take(await layer.receive(channel))
            except Exception:
                logger.exception("the hub could not use a message")

    async def _subscribe(self, layer: Any) -> str:
        while True:
            try:
                channel: str = await layer.new_channel()
                await layer.group_add(GROUP, channel)
                return channel
            except Exception as error:
                logger.warning("hub cannot reach redis: %s", type(error).__name__)
            # Half a subscription would go on filling a queue that nobody reads. Shielded, since flush() would
            # swallow the cancellation that ends the hub.
            with suppress(Exception):
                await asyncio.shield(layer.flush())
            await asyncio.sleep(SECOND)

    async def _every_second(self) -> None:
        while True:
            try:
                await self._second()
            except Exception as error:
                logger.warning("hub cannot look at the database: %s", type(error).__name__)
            try:
                # Not wait_for, which up to Python 3.11 may swallow the cancellation that ends this.
                async with asyncio.timeout(SECOND):
                    await self._look.wait()
                self._look.clear()
            except TimeoutError:
                self._seconds += 1

    async def _second(self) -> None:
        self._forget()
        found = await self._loop.run_in_executor(self._reader, look.at, list(self.topics))
        for name, version in found.versions.items():
            # No ring told of it, so none may have told either that it ended somebody's right.
            if self._ring(name, version):
                self._ask_about(name)
                counted.NEWS.count("look")
        self._ahead = found.ahead
        self._good_until = time.monotonic() + LOOK_GOOD_FOR
        self._allow_vendor(gate.decide(found.switch, self._breaker).open)
        if found.switch:
            self._obeys = found.switch.version
            self._heart.soon()
        # After the switch, which must not wait for a Redis that is away; until it is back the last word holds.
        self._breaker = await self._loop.run_in_executor(self._reader, breaker.look) or self._breaker
        breaker.hear(self._breaker)
        self._allow_vendor(gate.decide(found.switch, self._breaker).open)
        if self._seconds % RIGHTS_EVERY == 0:
            await self._end_rights(self._listeners())
        self._beat()

    async def _settle_doubts(self) -> None:
        while True:
            await self._doubt.wait()
            self._doubt.clear()
            names, self._doubted = self._doubted, set()
            watched = [self.topics[name] for name in names if name in self.topics]
            try:
                await self._end_rights([listener for one in watched for listener in one.listeners])
            except Exception as error:
                # They are asked about again with all others.
                logger.warning("hub cannot look at rights: %s", type(error).__name__)

    def _allow_vendor(self, allowed: bool) -> None:
        if allowed != self.vendor:
            self.vendor = allowed
            self._broadcast.tell(self._listeners())

    def _forget(self) -> None:
        now = time.monotonic()
        for name in [n for n, w in self.topics.items() if not w.listeners and w.until < now]:
            del self.topics[name]

    def _beat(self) -> None:
        """Each socket hears from us every BEAT seconds, so that a page knows that what it shows is current."""
        turn = self._seconds % BEAT
        self._broadcast.tell([one for one in self._listeners() if one.number % BEAT == turn])

    async def _end_rights(self, listeners: list[Listener]) -> None:
        grants = {listener.grant for listener in listeners}
        ended = await self._loop.run_in_executor(self._reader, rights.ended, grants) if grants else set()
        for listener in listeners:
            if listener.grant in ended:
                self._end(listener)

    def _end(self, listener: Listener) -> None:
        listener.ended = True
        self._broadcast.tell([listener])

    def _listeners(self) -> list[Listener]:
        return [listener for watched in self.topics.values() for listener in watched.listeners]
