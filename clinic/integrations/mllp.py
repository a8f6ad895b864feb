"""MLLP: HL7 messages over TCP, each between a start block (0x0B) and an end block (0x1C 0x0D).

`Frames` is for both sides. `exchange` is one call as a client: connect, one message, one answer, close.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

START, END = b"\x0b", b"\x1c\x0d"
LARGEST_FRAME = 256 * 1024
MOST_NOISE = 4096
CHUNK = 65536


class Address(NamedTuple):
    host: str
    port: int
    tls: bool


class Frames:
    """Takes bytes as they come, in any pieces, and gives the messages within them.

    `broken`: why nothing more can be read of this stream; "" while it can. It holds no more than one message of
    `largest` bytes, whatever comes. Up to MOST_NOISE bytes before a start block are passed over.
    """

    def __init__(self, largest: int = LARGEST_FRAME) -> None:
        self.broken = ""
        self._largest = largest
        self._held = bytearray()
        self._is_inside = False
        self._seen = 0

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that these bytes complete, in their order."""
        return list(self._read(data))

    @property
    def is_within(self) -> bool:
        """Whether a message has begun and not ended."""
        return self._is_inside

    def _read(self, data: bytes) -> Iterator[bytes]:
        # In steps, so that a large piece is not kept whole beyond what is allowed.
        for place in range(0, len(data), CHUNK):
            self._held += data[place : place + CHUNK]
            while not self.broken and (self._is_inside or self._begins()) and (frame := self._ends()) is not None:
                yield frame
            if self.broken:
                self._held.clear()
                return

    def _begins(self) -> bool:
        start = self._held.find(START)
        noise = start if start >= 0 else len(self._held)
        self._seen += noise
        if self._seen > MOST_NOISE:
            self.broken = f"{MOST_NOISE} bytes came without a start block"
            return False
        del self._held[: noise + 1]
        if start >= 0:
            self._is_inside, self._seen = True, 0
        return self._is_inside

    def _ends(self) -> bytes | None:
        """The message, without its blocks; None while it goes on. `_seen`: how much was searched before."""
        end = self._held.find(END, max(0, self._seen - 1))
        length = end if end >= 0 else len(self._held) - 1
        if length > self._largest:
            self.broken = f"a message of more than {self._largest} bytes came"
            return None
        if end < 0:
            self._seen = len(self._held)
            return None
        frame = bytes(self._held[:end])
        del self._held[: end + len(END)]
        self._is_inside, self._seen = False, 0
        return frame


def frame(message: bytes) -> bytes:
    return START + message + END


def address(url: str) -> Address:
    """Where an mllp:// or mllps:// address leads. Raises ValueError, which says in a sentence what is wrong."""
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError("Its host or port cannot be read. Write mllp://host:port.") from None
    if parts.scheme not in ("mllp", "mllps"):
        raise ValueError("It must begin with mllp://, or with mllps:// for TLS.")
    if not _can_be_looked_up(host):
        raise ValueError("It names no host. Write mllp://host:port.")
    if not port:
        raise ValueError("It names no port. Write mllp://host:port.")
    if parts.username is not None or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("Nothing but host and port may stand in it: mllp://host:port.")
    return Address(host, port, parts.scheme == "mllps")


def _can_be_looked_up(host: str) -> bool:
    if not host or any(char.isspace() or not char.isprintable() for char in host):
        return False
    try:
        return bool(host.encode("idna"))
    except UnicodeError:
        return False
