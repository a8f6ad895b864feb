"""What no browser sends, to a real server over real sockets: it answers or hangs up, and goes on."""

from __future__ import annotations

import contextlib
import re
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from random import Random
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Frame, Opcode
from websockets.sync.client import ClientConnection, connect

from tests.input import raw
from tests.stack import Stack, running

REQUESTS = 300
TRACEBACK = "Traceback (most recent call last)"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One running Evenkeel; in the end it stores what it stored before, and no error of ours is in its log."""
    with running(tmp_path_factory.mktemp("raw")) as stack:
        kept = "[Visit.objects.count(), VisitEvent.objects.count(), Topic.objects.count()]"
        before = stack.ask(kept)
        yield stack
        assert stack.ask(kept) == before
        assert TRACEBACK not in (stack.home / "demo.err").read_text()


@pytest.fixture
def monitor(stack: Stack) -> tuple[str, str]:
    """The cookie and the topic of a wait-room screen."""
    page = httpx.get(f"{stack.url}/monitor/")
    topic = re.findall(r'data-topic="(\w+)"', page.text)[0]
    return "; ".join(f"{name}={value}" for name, value in page.cookies.items()), topic


def is_well(stack: Stack) -> bool:
    return httpx.get(f"{stack.url}/healthz", timeout=raw.SECONDS).json() == {"alive": True}


@pytest.mark.parametrize("part", range(6))
def test_bytes_that_are_no_request_are_refused(stack: Stack, part: int) -> None:
    rng = Random(part)
    for _n in range(REQUESTS // 6):
        sent = raw.message(rng, stack.port)
        answer = raw.exchange(stack.port, sent)
        assert not re.match(rb"HTTP/1.. 5", answer), (sent[:300], answer[:300])
        assert TRACEBACK.encode() not in answer and b"site-packages" not in answer
    assert is_well(stack)


def test_half_sent_requests_hold_nobody_up(stack: Stack) -> None:
    hello = b"POST /kiosk/ HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\nlang"
    with ExitStack() as lines:
        for place in range(100):
            line = lines.enter_context(socket.create_connection((raw.HOST, stack.port), raw.SECONDS))
            line.sendall(hello[: 8 + place % 60])
        began = time.monotonic()
        assert is_well(stack)
        assert time.monotonic() - began < 5
    assert is_well(stack)


@pytest.mark.parametrize(
    "topic", ["a" * 26, "A" * 26, "a" * 25, "%00" * 26, "%ff", "%2e%2e", "a" * 9000, "aaaaa/vendor"]
)
def test_floor_of_no_topic_is_not_found(stack: Stack, topic: str) -> None:
    assert httpx.get(f"{stack.url}/live/{topic}/").status_code in (400, 404)
    assert httpx.post(f"{stack.url}/live/{topic}/", content=b"\xff" * 70_000).status_code in (400, 403, 404, 405)


def opened(stack: Stack, topic: str, cookie: str, origin: str | None = None) -> ClientConnection:
    headers = {"Cookie": cookie} if cookie else {}
    address = f"ws://127.0.0.1:{stack.port}/ws/{topic}/"
    ours: Any = stack.url if origin is None else origin
    return connect(address, origin=ours, additional_headers=headers, open_timeout=raw.SECONDS, compression=None)


@pytest.mark.parametrize(
    "changed",
    [
        {"origin": "https://evil.example"}, {"origin": "null"}, {"origin": "http://127.0.0.1"}, {"cookie": ""},
        {"cookie": "evenkeel-monitor=guessed"}, {"topic": "a" * 26}, {"topic": "short"}, {"topic": "%00"},
        {"topic": "%ff"},
        {"topic": "a" * 5000}, {"topic": "../desk"}, {"cookie": "x" * 3000},
    ],
)  # fmt: skip
def test_socket_without_the_right_is_refused(
    stack: Stack, monitor: tuple[str, str], changed: dict[str, str]
) -> None:
    with pytest.raises((InvalidStatus, ConnectionClosed)) as refusal:
        opened(stack, **{"cookie": monitor[0], "topic": monitor[1], **changed})
    if isinstance(refusal.value, InvalidStatus):
        assert refusal.value.response.status_code in (400, 403, 404)


FRAMES = [
    Frame(Opcode.TEXT, b'{"version": 999999}'),
    Frame(Opcode.TEXT, b"\xff\xfe not text"),
    Frame(Opcode.BINARY, b"\x00" * 4000),
    Frame(Opcode.BINARY, b"\x00" * 5000),
    Frame(Opcode.TEXT, b"a" * 1_000_000),
    Frame(Opcode.CONT, b"of nothing"),
    Frame(Opcode.PING, b"a" * 125),
    Frame(Opcode.PONG, b"unasked"),
    Frame(Opcode.TEXT, b"a", fin=False),
    Frame(Opcode.CLOSE, b"\x00\x01"),
    Frame(Opcode.CLOSE, b"\x03\xe8" + b"\xff" * 20),
]
# A reserved bit, an opcode that there is not, a length beyond all.
BYTES = [b"\xc1\x81\0\0\0\0a", b"\x83\x80\0\0\0\0", b"\x82\xff" + b"\xff" * 8, b"GET / HTTP/1.1\r\n\r\n"]
SENT = [frame.serialize(mask=True) for frame in FRAMES] + BYTES


@pytest.mark.parametrize("sent", SENT, ids=lambda sent: f"{sent[:2].hex()}-{len(sent)}")
def test_what_nobody_asked_for_ends_that_socket_at_most(
    stack: Stack, monitor: tuple[str, str], sent: bytes
) -> None:
    cookie, topic = monitor
    with opened(stack, topic, cookie) as page, opened(stack, topic, cookie) as other:
        assert '"version"' in str(page.recv(raw.SECONDS))
        # The server may have hung up before the second.
        with contextlib.suppress(OSError):
            page.socket.sendall(sent)
            page.socket.sendall(b"\xff" * 20)
        assert '"version"' in str(other.recv(raw.SECONDS))
        assert other.ping().wait(raw.SECONDS)
    assert is_well(stack)


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ([Frame(Opcode.TEXT, b"a" * 4097)], 1009),
        ([Frame(Opcode.TEXT, b"a" * 4000, fin=False), Frame(Opcode.CONT, b"a" * 97)], 1009),
        ([*[Frame(Opcode.TEXT, b"hi")] * 1000, Frame(Opcode.TEXT, b"a" * 500)], 1008),
        ([*[Frame(Opcode.PONG, b"hi")] * 1000, Frame(Opcode.TEXT, b"a" * 500)], 1008),
    ],
    ids=["one message", "in parts", "many messages", "many pongs"],
)
def test_socket_that_says_much_is_closed(
    stack: Stack, monitor: tuple[str, str], sent: list[Frame], code: int
) -> None:
    """The last frame is the one that is too much: all before are taken, as the answer to a ping shows."""
    with opened(stack, monitor[1], monitor[0]) as page:
        assert '"version"' in str(page.recv(raw.SECONDS))
        page.socket.sendall(b"".join(one.serialize(mask=True) for one in sent[:-1]))
        assert page.ping().wait(raw.SECONDS)
        page.socket.sendall(sent[-1].serialize(mask=True))
        with pytest.raises(ConnectionClosed) as end:
            while True:
                page.recv(raw.SECONDS)
        assert end.value.rcvd is not None and end.value.rcvd.code == code
    assert is_well(stack)


def test_socket_that_is_left_in_the_middle_of_a_handshake(stack: Stack, monitor: tuple[str, str]) -> None:
    cookie, topic = monitor
    hello = (
        f"GET /ws/{topic}/ HTTP/1.1\r\nHost: 127.0.0.1:{stack.port}\r\n"
        f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        f"Sec-WebSocket-Version: 13\r\nOrigin: {stack.url}\r\n"
        f"Cookie: {cookie}\r\n\r\n"
    ).encode()
    for cut in range(10, len(hello) + 1, 30):
        with socket.create_connection((raw.HOST, stack.port), raw.SECONDS) as line:
            line.sendall(hello[:cut])
    assert is_well(stack)
