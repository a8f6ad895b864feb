"""Subscribing by server-sent events."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import parse_qs

from realtime.standin.auth import Grant
from realtime.standin.broker import Broker, Event
from realtime.standin.errors import VendorError, bad_request
from realtime.standin.faults import Faults, Mode
from realtime.standin.wire import Dropped, Request, Wire, first

HEADERS = [
    ("Content-Type", "text/event-stream"),
    ("Cache-Control", "no-store"),
    ("Access-Control-Allow-Origin", "*"),
]
CHANNEL = re.compile(r"(?:\[\?(?P<options>[^]]*)])?(?P<name>.+)")


@dataclass(frozen=True)
class Wish:
    """What a subscriber asks for. `rewind`: for each channel, how many of its last messages to begin with."""

    rewind: dict[str, int]
    last_event: str
    enveloped: bool

    @classmethod
    def parse(cls, request: Request) -> Wish:
        """From the query and the Last-Event-ID header. Raises VendorError."""
        query = request.query
        names = query.get("channels") or query.get("channel")
        if not names or "v" not in query:
            raise bad_request("a stream needs channels=NAME and v=1.2")
        rewind = query.get("rewind", "0")
        parts = names.split(query.get("separator", ","))
        return cls(
            rewind=dict(_channel(part, rewind) for part in parts),
            last_event=query.get("lastEvent") or request.headers.get("last-event-id", ""),
            enveloped=query.get("enveloped") != "false",
        )


class Stream:
    """One subscriber's stream, from its first byte to the end of its token."""

    def __init__(self, wire: Wire, wish: Wish, grant: Grant, broker: Broker, faults: Faults) -> None:
        self._wire, self._wish, self._grant = wire, wish, grant
        self._broker, self._faults = broker, faults

    async def run(self) -> None:
        """Sends events until the token ends. Raises VendorError before the first byte, or Dropped."""
        for channel in self._wish.rewind:
            self._grant.demand("subscribe", channel)
        await self._wire.begin(HEADERS)
        await first(self._events(), self._expiry(), self._cut())
        await self._wire.end()

    async def _events(self) -> None:
        with self._broker.bell(self._wish.rewind) as bell:
            pending, serial = self._backlog(), self._broker.serial
            while True:
                for event in pending:
                    await self._wire.more(self._text(event))
                if not await self._rung(bell):
                    await self._wire.more(b":keepalive\n\n")
                bell.clear()
                pending, serial = self._broker.since(serial, self._wish.rewind), self._broker.serial

    async def _rung(self, bell: asyncio.Event) -> bool:
        try:
            await asyncio.wait_for(bell.wait(), self._faults.timing.keepalive)
        except TimeoutError:
            return False
        return True

    async def _expiry(self) -> None:
        await asyncio.sleep(self._grant.expires - time.time())
        error = VendorError(401, 40142, "the token has expired")
        await self._wire.more(_text("error", json.dumps(error.info())))

    async def _cut(self) -> None:
        await self._faults.reached(Mode.CUT_STREAM)
        await asyncio.sleep(self._faults.timing.cut)
        await self._wire.more(b'event: message\ndata: {"id":"')
        raise Dropped

    def _backlog(self) -> list[Event]:
        """What a resuming client missed; for a new one, what it asked to have rewound."""
        channels = self._wish.rewind
        resumed = self._broker.serial_of(self._wish.last_event)
        if resumed is not None:
            return self._broker.since(resumed, channels)
        recent = self._broker.since(0, channels)
        return sorted(_last_of_each(recent, channels.items()), key=lambda event: event.serial)

    def _text(self, event: Event) -> bytes:
        data = json.dumps(event.message) if self._wish.enveloped else str(event.message.get("data", ""))
        return _text("message", data, self._broker.event_id(event))


def _last_of_each(events: list[Event], wanted: Iterable[tuple[str, int]]) -> list[Event]:
    found: list[Event] = []
    for channel, count in wanted:
        mine = [event for event in events if event.channel == channel]
        found += mine[len(mine) - min(count, len(mine)) :]
    return found


def _text(kind: str, data: str, event_id: str = "") -> bytes:
    """One event in the format of server-sent events."""
    lines = [f"id: {event_id}"] if event_id else []
    lines += [f"event: {kind}", *(f"data: {line}" for line in data.split("\n")), "", ""]
    return "\n".join(lines).encode()


def _channel(part: str, rewind: str) -> tuple[str, int]:
    """Name and rewind of `name` or `[?rewind=N]name`."""
    found = CHANNEL.fullmatch(part)
    if found is None:
        raise bad_request("a channel's name is empty")
    options = parse_qs(found["options"] or "")
    count = options.get("rewind", [rewind])[0]
    if not count.isdecimal():
        raise bad_request("rewind is a whole number")
    return found["name"], int(count)
