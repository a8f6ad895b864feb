"""Which topics there are, so that a flood of made-up names costs a web process a few reads a second and no more.

Whoever asks for a name that is not known waits for the look at the database that is under way, and if that did not
find it for one that begins after they asked, together with all others who do: a topic that has just been made is
never denied, nobody is refused for what others behind the same address ask, and no line of single reads keeps
those waiting who ask for a topic that there is.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

# Seconds from the beginning of one look to that of the next, at least.
EVERY = 0.25


class KnownTopics:
    """Lives on one event loop. `read` gives the names of all topics."""

    def __init__(self, read: Callable[[], Awaitable[frozenset[str]]]) -> None:
        self._read = read
        self._names: frozenset[str] = frozenset()
        self._began = float("-inf")
        self._reading: asyncio.Task[None] | None = None
        self._next: asyncio.Task[None] | None = None

    async def has(self, name: str) -> bool:
        """Raises django.db.DatabaseError when the database does not answer."""
        if name not in self._names and self._reading:
            await asyncio.wait([self._reading])
        if name not in self._names:
            if self._next is None:
                self._next = asyncio.create_task(self._look())
            # One who leaves takes nobody's look along.
            await asyncio.shield(self._next)
        return name in self._names

    async def _look(self) -> None:
        await asyncio.sleep(max(0.0, self._began + EVERY - time.monotonic()))
        # Who comes from now on may ask for what is made while this reads.
        self._reading, self._next, self._began = self._next, None, time.monotonic()
        self._names = await self._read()
