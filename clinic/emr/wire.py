"""Connections that answer badly when they are told to: HTTP's, and MLLP's with its frames."""

from __future__ import annotations

import asyncio

from clinic.emr.faults import WELL, Mode
from realtime.standin.wire import Dropped, Wire

BEGIN, END = b"\x0b", b"\x1c\r"
LARGEST_FRAME = 1024 * 1024


class FaultyWire(Wire):
    """`manner`: how the next bytes are written."""

    def __init__(self) -> None:
        super().__init__()
        self.manner = WELL

    async def write(self, data: bytes) -> None:
        if self.manner.mode is Mode.CUT:
            await super().write(data[: len(data) // 2])
            await self.close()
            raise Dropped
        for number, piece in enumerate(self._pieces(data)):
            if number:
                await asyncio.sleep(self.manner.seconds)
            await super().write(piece)

    async def babble(self, data: bytes) -> None:
        """Writes what is no answer, and hangs up."""
        await super().write(data)
        await self.close()
        raise Dropped

    def _pieces(self, data: bytes) -> list[bytes]:
        sizes = {Mode.DRIP: 1, Mode.PIECES: -(-len(data) // 3)}
        size = sizes.get(self.manner.mode, len(data)) or 1
        return [data[at : at + size] for at in range(0, len(data), size)]


class MllpWire(FaultyWire):
    """One connection whose messages come and go in frames."""

    def __init__(self) -> None:
        super().__init__()
        self._bytes = bytearray()

    def data_received(self, data: bytes) -> None:
        self._bytes += data
        self._heard.set()

    def connection_lost(self, exc: Exception | None) -> None:
        for event in (self.lost, self._heard, self._writable):
            event.set()

    async def frame(self) -> bytes | None:
        """The next message without its frame; None when there will be none. Raises Dropped on one too large."""
        while (end := self._bytes.find(END)) < 0:
            if self.lost.is_set():
                return None
            if len(self._bytes) > LARGEST_FRAME:
                raise Dropped
            self._heard.clear()
            await self._heard.wait()
        frame = bytes(self._bytes[self._bytes.find(BEGIN) + 1 : end])
        del self._bytes[: end + len(END)]
        return frame

    async def say(self, message: bytes) -> None:
        """Sends one message in its frame."""
        await self.write(BEGIN + message + END)
