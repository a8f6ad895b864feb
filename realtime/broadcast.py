"""Tells open sockets the newest state of their topics: in short walks, which no slow reader holds up.

A send to a socket that keeps up never waits, so one task goes through many sockets in one turn of the event loop.
A walk that had to wait finishes the socket that it waits for and nothing more; another takes the rest.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

Message = dict[str, Any]
SLOW = 5.0
# So many sockets a turn of the event loop: a few milliseconds, then requests have theirs.
ONE_WALK = 100
GOING_AWAY = 1001
CLOSE: Message = {"type": "websocket.close", "code": GOING_AWAY}


@dataclass(eq=False)
class Watched:
    """A topic that somebody here cares for: its version, its sockets, and until when a poll keeps it known."""

    version: int
    until: float = 0.0
    listeners: set[Listener] = field(default_factory=set)


@dataclass(eq=False, slots=True)
class Listener:
    """One open socket. `send` is ASGI's; `leave` makes its application end, at once; `number` is its own.

    `due`: its turn is yet to come. `sending`: a send to it is under way; `behind`: its turn came meanwhile.
    """

    grant: str
    watched: Watched
    send: Callable[[Message], Awaitable[None]]
    leave: Callable[[], object]
    ended: bool = False
    due: bool = False
    sending: bool = False
    behind: bool = False
    number: int = field(default_factory=count().__next__)


class Broadcast:
    """Newest wins: a socket hears the state as it is when its turn comes, and a slow one skips, never queues."""

    def __init__(self, state_text: Callable[[Watched], str]) -> None:
        self._state_text = state_text
        self._due: deque[Listener] = deque()
        self._walks: set[asyncio.Task[None]] = set()
        self._turn = 0
        self._begun = False

    def tell(self, listeners: Iterable[Listener]) -> None:
        """Each of these hears the newest state soon, or that it has ended."""
        for listener in listeners:
            if not listener.due:
                listener.due = True
                self._due.append(listener)
        if self._due and not self._begun:
            self._begun = True
            self._begin()

    def _begin(self) -> None:
        self._turn += 1
        walk = asyncio.create_task(self._walk(self._turn))
        self._walks.add(walk)
        walk.add_done_callback(self._walks.discard)
        # This comes right after the walk's first step, in which it ends or is held up.
        asyncio.get_running_loop().call_soon(self._go_on)

    def _go_on(self) -> None:
        self._begun = bool(self._due)
        if self._begun:
            self._begin()
        else:
            self._turn += 1

    async def _walk(self, turn: int) -> None:
        texts: dict[Watched, Message] = {}
        listener = None
        try:
            # Not wait_for, which up to Python 3.11 may swallow a cancellation.
            async with asyncio.timeout(SLOW):
                for _n in range(ONE_WALK):
                    if not self._due or turn != self._turn:
                        break
                    listener = self._due.popleft()
                    listener.due = False
                    await self._say(listener, texts)
        except TimeoutError:
            if listener is not None:
                listener.leave()

    async def _say(self, listener: Listener, texts: dict[Watched, Message]) -> None:
        if listener.sending:
            listener.behind = True
            return
        message = self._message(listener, texts)
        listener.sending = True
        try:
            await listener.send(message)
        except Exception:
            # It has gone, or the server is closing it.
            message = CLOSE
        finally:
            listener.sending = False
        if message is CLOSE:
            listener.leave()
        elif listener.behind:
            listener.behind = False
            self.tell([listener])

    def _message(self, listener: Listener, texts: dict[Watched, Message]) -> Message:
        if listener.ended:
            return CLOSE
        text = texts.get(listener.watched)
        if text is None:
            text = {"type": "websocket.send", "text": self._state_text(listener.watched)}
            texts[listener.watched] = text
        return text
