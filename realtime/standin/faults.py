"""The fault modes, and what each does to the bytes of a connection."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from realtime.standin.wire import Dropped, Wire


class Mode(StrEnum):
    """How the vendor fails. Each holds for the plain port and for its TLS twin."""

    OK = "ok"
    REFUSE = "refuse"
    SILENT = "silent"
    TLS_SILENT = "tls_silent"
    DRIP = "drip"
    SLOW_503 = "slow_503"
    SLOW_200 = "slow_200"
    RATE_LIMITED = "rate_limited"
    HTML_200 = "html_200"
    PARTIAL = "partial"
    CUT_STREAM = "cut_stream"
    DEAF = "deaf"


MUTE = frozenset({Mode.SILENT, Mode.TLS_SILENT})


@dataclass(frozen=True)
class Timing:
    """Seconds; tests shrink them."""

    slow: float = 3.0
    drip: float = 0.25
    cut: float = 1.0
    keepalive: float = 15.0


class Faults:
    """The mode that holds now, and until when (epoch seconds, or None for until it is changed)."""

    def __init__(self, timing: Timing, on_change: Callable[[], None]) -> None:
        self.mode = Mode.OK
        self.until: float | None = None
        self.timing = timing
        self._on_change = on_change
        self._change = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None

    def set(self, mode: Mode, seconds: float | None = None) -> None:
        """Changes the mode at once; after `seconds`, if given, all is well again."""
        self.stop_timer()
        if seconds is not None:
            self._timer = asyncio.get_running_loop().call_later(seconds, self.set, Mode.OK)
            self.until = time.time() + seconds
        if mode is not self.mode:
            self.mode = mode
            self._change.set()
            self._change = asyncio.Event()
            self._on_change()

    def stop_timer(self) -> None:
        """Forgets that the mode was to end by itself."""
        self.until = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def changed(self) -> None:
        """Waits for another mode than the one that holds now."""
        await self._change.wait()

    async def reached(self, mode: Mode) -> None:
        """Waits until `mode` holds."""
        while self.mode is not mode:
            await self.changed()

    async def hang(self) -> None:
        """While the mode is a mute one, waits until it is over and then raises Dropped: what hung is lost."""
        if self.mode in MUTE:
            await self.changed()
            raise Dropped


class FaultyWire(Wire):
    """A connection whose answers stall or drip as the mode says."""

    def __init__(self, faults: Faults) -> None:
        super().__init__()
        self._faults = faults

    async def write(self, data: bytes) -> None:
        await self._faults.hang()
        if self._faults.mode is not Mode.DRIP:
            await super().write(data)
            return
        for byte in data:
            await super().write(bytes([byte]))
            await self._pause()

    async def _pause(self) -> None:
        try:
            await asyncio.wait_for(self._faults.changed(), self._faults.timing.drip)
        except TimeoutError:
            return
        raise Dropped
