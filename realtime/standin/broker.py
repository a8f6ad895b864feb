"""Channels: what was published in the last two minutes, and who waits for more."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

HISTORY_SECONDS = 120
MOST_KEPT = 10_000


@dataclass(frozen=True)
class Event:
    """One message on one channel. `at` is by the broker's clock, in seconds."""

    serial: int
    at: float
    channel: str
    message: dict[str, Any]


class Broker:
    """Everything published gets the next serial; a subscriber asks for what came after the one it has."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.serial = 0
        self._clock = clock
        self._life = secrets.token_hex(4)
        self._history: deque[Event] = deque(maxlen=MOST_KEPT)
        self._bells: defaultdict[str, set[asyncio.Event]] = defaultdict(set)

    def publish(self, channel: str, messages: Iterable[dict[str, Any]]) -> None:
        """Keeps the messages and wakes the channel's subscribers."""
        for message in messages:
            self.serial += 1
            self._history.append(Event(self.serial, self._clock(), channel, message))
        for bell in self._bells.get(channel, ()):
            bell.set()

    def since(self, serial: int, channels: Collection[str]) -> list[Event]:
        """The channels' events after `serial`, oldest first, as far as the history goes back."""
        oldest = self._clock() - HISTORY_SECONDS
        found = []
        for event in reversed(self._history):
            if event.serial <= serial or event.at < oldest:
                break
            if event.channel in channels:
                found.append(event)
        return found[::-1]

    def event_id(self, event: Event) -> str:
        """The id that a client gives back to resume after this event."""
        return f"{self._life}-{event.serial}"

    def serial_of(self, event_id: str) -> int | None:
        """The serial in an id of this broker's; None for any other text."""
        life, _, serial = event_id.partition("-")
        return int(serial) if life == self._life and serial.isdecimal() else None

    @contextmanager
    def bell(self, channels: Collection[str]) -> Iterator[asyncio.Event]:
        """An event that is set whenever something is published on one of the channels."""
        bell = asyncio.Event()
        for channel in channels:
            self._bells[channel].add(bell)
        try:
            yield bell
        finally:
            for channel in channels:
                self._bells[channel].discard(bell)
                if not self._bells[channel]:
                    del self._bells[channel]
