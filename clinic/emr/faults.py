"""How the record system fails now, for each protocol, and for how long or how many messages."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

from realtime.standin import orders
from realtime.standin.wire import Dropped

R = TypeVar("R")


class Mode(StrEnum):
    """What becomes of a message. *Taken*: processed and kept, whatever the sender hears of it."""

    OK = "ok"
    REFUSE = "refuse"  # the port is closed
    SILENT = "silent"  # not taken, never answered
    DRIP = "drip"  # taken; the answer comes a byte at a time
    CLOSE = "close"  # not taken: hangs up
    CUT = "cut"  # taken; hangs up in the middle of its answer
    SLOW = "slow"  # taken; the answer comes late
    LOST = "lost"  # taken; hangs up without an answer
    ERROR = "error"  # 500, AE
    REJECT = "reject"  # 422, AR
    BUSY = "busy"  # 503 with Retry-After, AE
    GONE = "gone"  # 410, AR
    GARBAGE = "garbage"  # not taken; answers in no protocol
    OTHER = "other"  # not taken; acknowledges another message, or redirects
    PIECES = "pieces"  # taken; the answer comes in three pieces


PROTOCOLS = ("http", "mllp")
REFUSALS = frozenset({Mode.ERROR, Mode.REJECT, Mode.BUSY, Mode.GONE, Mode.OTHER})
MILLISECONDS = {Mode.DRIP: 500.0, Mode.SLOW: 3000.0, Mode.PIECES: 50.0}
GARBAGE = b"\x16\x03\x01 220 nobody speaks this here\r\n\r\n"


@dataclass(frozen=True)
class Order:
    """What somebody wants it to do. `seconds`, `count`: until when, for how many messages; None: until changed.

    `ms`: how late, or between two bytes or pieces; None: as MILLISECONDS says.
    """

    mode: Mode
    protocols: tuple[str, ...] = PROTOCOLS
    seconds: float | None = None
    count: int | None = None
    ms: float | None = None

    @classmethod
    def parse(cls, body: bytes) -> Order:
        """From `{"mode", "seconds", "for": "all", "http", "mllp" or a number of messages, "count", "ms"}`.

        Raises ValueError with a sentence for whoever sent it.
        """
        value = orders.read(body, Mode)
        whom, count = value.get("for", "all"), value.get("count")
        if isinstance(whom, int):
            whom, count = "all", whom
        if whom not in ("all", *PROTOCOLS):
            raise ValueError('"for" is "all", "http", "mllp" or a number of messages.')
        protocols = PROTOCOLS if whom == "all" else (whom,)
        spans = {name: orders.above_zero(value, name) for name in ("seconds", "ms")}
        return cls(Mode(value["mode"]), protocols, count=_whole(count), **spans)


@dataclass(frozen=True)
class Manner:
    """What happens to one message."""

    mode: Mode
    seconds: float


WELL = Manner(Mode.OK, 0.0)


class Fault:
    """Of one protocol. `until`: epoch seconds; `left`: messages."""

    def __init__(self, on_change: Callable[[], None]) -> None:
        self._on_change = on_change
        self._timer: asyncio.TimerHandle | None = None
        self.manner, self.until = WELL, 0.0
        self.left: int | None = None

    def set(self, order: Order) -> None:
        """Holds from now on, in the place of what held before."""
        self.stop_timer()
        ms = order.ms if order.ms is not None else MILLISECONDS.get(order.mode, 0.0)
        self.manner, self.left, self.until = Manner(order.mode, ms / 1000), order.count, 0.0
        if order.seconds is not None:
            self.until = time.time() + order.seconds
            self._timer = asyncio.get_running_loop().call_later(order.seconds, self.set, Order(Mode.OK))
        self._on_change()

    def stop_timer(self) -> None:
        """Forgets that it was to end by itself."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def take(self) -> Manner:
        """For the next message, which counts."""
        manner = self.manner
        if self.left is not None:
            self.left -= 1
            if self.left <= 0:
                self.set(Order(Mode.OK))
        return manner

    def report(self) -> dict[str, Any]:
        return {**asdict(self.manner), "until": self.until or None, "left": self.left}


@dataclass(frozen=True)
class Answers(Generic[R]):
    """How one protocol answers one message."""

    take: Callable[[], R]
    refuse: Callable[[Mode], R]
    say: Callable[[R], Awaitable[None]]
    babble: Callable[[bytes], Awaitable[None]]
    lost: asyncio.Event


async def act(manner: Manner, answers: Answers[R]) -> None:
    """Takes the message and answers it, as far as the manner lets. Raises Dropped when it is to hang up."""
    mode = manner.mode
    if mode is Mode.SILENT:
        await answers.lost.wait()
    if mode in (Mode.CLOSE, Mode.SILENT):
        raise Dropped
    if mode is Mode.GARBAGE:
        await answers.babble(GARBAGE)
        return
    answer = answers.refuse(mode) if mode in REFUSALS else answers.take()
    if mode is Mode.LOST:
        raise Dropped
    if mode is Mode.SLOW:
        await asyncio.sleep(manner.seconds)
    await answers.say(answer)


def _whole(value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError("A number of messages is 1 or more, or left out.")
    return value
