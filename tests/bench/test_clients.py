"""The load generators: what they count is what was there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any
from unittest.mock import Mock

import pytest

from tests.bench.changes import Change
from tests.bench.clients.rate import Askers
from tests.bench.clients.screens import NotShown, Sight, delays
from tests.websocket import Place, Socket

PLACE = Place(80, "t", "monitor=x")
ACCEPTED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def text_frame(text: bytes) -> bytes:
    size = bytes([len(text)]) if len(text) < 126 else bytes([126]) + len(text).to_bytes(2)
    return b"\x81" + size + text


async def fed(*chunks: bytes) -> tuple[list[bytes], Mock, Socket]:
    """What a socket heard of these bytes, and what it wrote to."""
    heard: list[bytes] = []
    socket, transport = Socket(PLACE, heard.append), Mock()
    socket.connection_made(transport)
    for chunk in chunks:
        socket.data_received(chunk)
    return heard, transport, socket


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_frames_are_heard_whole_however_they_are_cut(size: int) -> None:
    stream = ACCEPTED + text_frame(b"one") + text_frame(b"x" * 200) + text_frame(b"")
    chunks = [stream[at : at + size] for at in range(0, len(stream), size)]
    heard, _transport, socket = asyncio.run(fed(*chunks))
    assert heard == [b"one", b"x" * 200, b""]
    assert socket.opened.result() is None


def test_a_ping_is_answered_and_not_counted() -> None:
    heard, transport, _socket = asyncio.run(fed(ACCEPTED, b"\x89\x04abcd"))
    assert heard == []
    assert transport.write.call_args.args == (b"\x8a\x84\0\0\0\0abcd",)


def test_a_refused_handshake_is_an_error() -> None:
    _heard, _transport, socket = asyncio.run(fed(b"HTTP/1.1 403 Forbidden\r\n\r\n"))
    with pytest.raises(ConnectionError, match="403"):
        socket.opened.result()


def test_the_handshake_is_a_pages_own() -> None:
    lines = PLACE.handshake().decode().split("\r\n")
    assert lines[0] == "GET /ws/t/ HTTP/1.1"
    assert {"Origin: http://127.0.0.1:80", "Cookie: monitor=x", "Upgrade: websocket"} <= set(lines)


# --- When did a change stand on each screen? Screens 2 and 3 stand at place 1. -----------------------------------


def test_the_first_sight_on_each_screen_counts() -> None:
    sights = [
        Sight(2, 10.1, ["A1"]),
        Sight(2, 10.2, ["A1", "A2"]),
        Sight(3, 10.4, ["A1", "A2"]),
        Sight(0, 10.0, ["A2"]),
    ]
    found = delays([Change(1, "A1", 10.0), Change(1, "A2", 10.15)], sights, each=2)
    assert found == pytest.approx([0.1, 0.4, 0.05, 0.25])


def test_one_screen_that_shows_it_twice_does_not_stand_for_another() -> None:
    with pytest.raises(NotShown, match="A1"):
        delays([Change(1, "A1", 10.0)], [Sight(2, 10.1, ["A1"]), Sight(2, 10.2, ["A1"])], each=2)


def test_a_screen_that_was_told_and_does_not_show_it_has_not_shown_it() -> None:
    with pytest.raises(NotShown):
        delays([Change(0, "A1", 10.0)], [Sight(0, 10.1, ["B7"])], each=1)


# --- The rate ----------------------------------------------------------------------------------------------------


async def rate_of(answer: Answer) -> Any:
    """Against a server in this process."""
    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        return await Askers().run(server.sockets[0].getsockname()[1], "/", 2, 0.2)


def answering(*bodies: bytes) -> tuple[Answer, list[int]]:
    """A server that gives these answers in turn, and how many it gave in all."""
    given = [0]

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(bodies[given[0] % len(bodies)])
            given[0] += 1

    async def until_gone(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            await answer(reader, writer)
        writer.close()

    return until_gone, given


def reply(status: str, body: bytes) -> bytes:
    return f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body


def test_the_rate_is_what_was_answered() -> None:
    answer, given = answering(reply("200 OK", b"ok"))
    rate = asyncio.run(rate_of(answer))
    # Each of the two connections may have one more in flight at the end.
    assert 0 <= given[0] - rate.each_second * 0.2 <= given[0] * 0.2 + 2
    assert 0 < rate.client_share <= 1.1


@pytest.mark.parametrize(
    "bodies",
    [
        (reply("500 Oops", b"no"),),
        (reply("200 OK", b"ok"), reply("503 Sorry", b"")),
        (reply("200 OK", b"ok"), reply("200 OK", b"longer")),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",),
    ],
    ids=["error", "error later", "another answer", "no length"],
)
def test_answers_that_are_not_all_alike_are_no_rate(bodies: tuple[bytes, ...]) -> None:
    with pytest.raises(ConnectionError, match="alike"):
        asyncio.run(rate_of(answering(*bodies)[0]))
