"""MLLP: HL7 messages over TCP, each between a start block (0x0B) and an end block (0x1C 0x0D).

`Frames` is for both sides. `exchange` is one call as a client: connect, one message, one answer, close.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from time import monotonic

from clinic.integrations import http
from clinic.integrations.parcel import NotDelivered
from clinic.integrations.places import Place
from clinic.models.deliveries import Failure

START, END = b"\x0b", b"\x1c\x0d"
LARGEST_FRAME = 256 * 1024
MOST_NOISE = 4096
CHUNK = 65536
TLS_ALERT = b"\x15\x03"
# For one who accepts and then thinks better of it, as when it wants a certificate that we did not show.
MOMENT_SECONDS = 0.3


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


def exchange(where: Place, message: bytes, *, seconds: float, context: ssl.SSLContext | None = None) -> bytes:
    """Sends one message over a connection of its own, and returns the answer to it, both without their blocks.

    `context`: for TLS. Raises NotDelivered when there is no answer within `seconds`.
    """
    ends = monotonic() + seconds
    with _connected(where, seconds, context) as peer:
        try:
            return _answer(peer, frame(message), ends, is_plain=context is None)
        except ssl.SSLError as error:
            raise _tls_problem(error) from None
        except TimeoutError:
            raise NotDelivered(Failure.NO_ANSWER, f"no answer within {seconds:g} s") from None
        except OSError as error:
            raise NotDelivered(Failure.NO_ANSWER, f"no answer: {http.reason(error)}") from None


def knock(where: Place, *, seconds: float, context: ssl.SSLContext | None = None) -> None:
    """Connects, sends nothing, and hangs up. Raises NotDelivered when that is not to be had."""
    with _connected(where, seconds, context) as peer:
        peer.settimeout(min(seconds, MOMENT_SECONDS))
        try:
            said = peer.recv(1)
        except TimeoutError:
            return
        except ssl.SSLError as error:
            raise _tls_problem(error) from None
        except OSError:
            said = b""
    why = (
        "it speaks before it is spoken to: that is no MLLP" if said else "it hangs up as soon as we are connected"
    )
    raise NotDelivered(Failure.PROTOCOL if said else Failure.UNREACHABLE, why)


@contextmanager
def _connected(where: Place, seconds: float, context: ssl.SSLContext | None) -> Iterator[socket.socket]:
    ends = monotonic() + seconds
    with ExitStack() as opened:
        try:
            peer = opened.enter_context(socket.create_connection((where.host, where.port), seconds))
            if context is not None:
                peer.settimeout(_left(ends))
                peer = opened.enter_context(context.wrap_socket(peer, server_hostname=where.host))
        except ssl.SSLError as error:
            raise _tls_problem(error) from None
        except TimeoutError:
            raise NotDelivered(Failure.UNREACHABLE, f"cannot reach it: no answer within {seconds:g} s") from None
        except OSError as error:
            raise NotDelivered(Failure.UNREACHABLE, f"cannot reach it: {_why(error)}") from None
        yield peer


def _answer(peer: socket.socket, message: bytes, ends: float, *, is_plain: bool) -> bytes:
    peer.settimeout(_left(ends))
    # One who answers before reading all of it, and hangs up, has answered.
    with suppress(BrokenPipeError, ConnectionResetError, ssl.SSLEOFError):
        peer.sendall(message)
    frames, heard = Frames(), b""
    while not (found := frames.feed(data := _heard(peer, ends))):
        heard = heard or data
        if is_plain and heard.startswith(TLS_ALERT):
            raise NotDelivered(Failure.SETUP, "it speaks TLS: its address begins with mllps://")
        if frames.broken or (heard and not data and not frames.is_within):
            raise NotDelivered(Failure.PROTOCOL, "it answered, but not in MLLP")
        if not data:
            when = "within its answer" if frames.is_within else "without an answer"
            raise NotDelivered(Failure.NO_ANSWER, f"it hung up {when}")
    return found[0]


def _heard(peer: socket.socket, ends: float) -> bytes:
    """The next bytes; b"" when it hung up."""
    peer.settimeout(_left(ends))
    with suppress(ssl.SSLEOFError):
        return peer.recv(CHUNK)
    return b""


def _left(ends: float) -> float:
    """Seconds until then. A peer that sends a byte now and then must not stretch them."""
    left = ends - monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _why(error: OSError) -> str:
    if isinstance(error, socket.gaierror):
        return "its name is not known" if error.errno == socket.EAI_NONAME else "its name cannot be looked up now"
    if isinstance(error, ConnectionRefusedError):
        return "nothing listens at its port"
    return http.reason(error)


def _tls_problem(error: ssl.SSLError) -> NotDelivered:
    """In words, who does not trust whom."""
    reason = error.reason or ""
    if isinstance(error, ssl.SSLCertVerificationError):
        return NotDelivered(Failure.UNREACHABLE, f"cannot reach it: {http.reason(error)}")
    if "CERTIFICATE_REQUIRED" in reason or "HANDSHAKE_FAILURE" in reason:
        return NotDelivered(Failure.SETUP, "it wants a client certificate of ours")
    if "ALERT" in reason and ("CERTIFICATE" in reason or "UNKNOWN_CA" in reason):
        return NotDelivered(Failure.SETUP, "it does not trust our client certificate")
    if reason in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE"):
        return NotDelivered(Failure.SETUP, "it does not speak TLS: its address begins with mllp://")
    return NotDelivered(Failure.UNREACHABLE, f"cannot reach it: TLS failed ({reason or type(error).__name__})")
