"""A request's head has an end, and so has what a socket says; what is a right one passes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState
from websockets.frames import Frame, Opcode

from clinic.running import web_server
from clinic.running.web_server import LONGEST_HEAD, MOST_SAID, BoundedHttp, BoundedSocket

PART = b"x" * 16 * 1024
UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
HI = Frame(Opcode.TEXT, b"hi").serialize(mask=True)
TOO_MUCH = Frame(Opcode.CLOSE, (1008).to_bytes(2) + b"too much").serialize(mask=False)
PONG = Frame(Opcode.PONG, b"how are you").serialize(mask=False)


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Says how long the body was; a socket is let in, and listens."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while (await receive())["type"] != "websocket.disconnect":
            pass
        return
    length, more = 0, True
    while more:
        message = await receive()
        length, more = length + len(message.get("body", b"")), message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"%d" % length})


@asynccontextmanager
async def connection() -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """To a server of this protocol."""
    config = uvicorn.Config(app, log_config=None, http=BoundedHttp, ws=BoundedSocket)
    config.load()
    state = ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: BoundedHttp(config, state, {}), "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    yield reader, writer
    writer.close()
    server.close()


async def sent(writer: asyncio.StreamWriter, part: bytes, times: int) -> None:
    """In parts, for as long as the server takes them."""
    try:
        for _n in range(times):
            writer.write(part)
            await writer.drain()
    except ConnectionError:
        return


def endless(begin: bytes, part: bytes) -> bytes:
    """The first line of the answer to headers that do not end."""

    async def scene() -> bytes:
        async with connection() as (reader, writer):
            await sent(writer, begin, 1)
            await sent(writer, part, 2 * LONGEST_HEAD // len(part) + 32)
            return await asyncio.wait_for(reader.readline(), 10)

    return asyncio.run(scene())


async def answered(reader: asyncio.StreamReader, length: int) -> None:
    """The server had the whole body."""
    answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"%d" % length in await asyncio.wait_for(reader.readuntil(b"0\r\n\r\n"), 10)


def test_one_header_without_an_end_is_cut_off() -> None:
    assert endless(b"GET / HTTP/1.1\r\nHost: a\r\nCookie: ", PART) == b"HTTP/1.1 400 Bad Request\r\n"


def test_headers_without_an_end_are_cut_off() -> None:
    assert endless(b"GET / HTTP/1.1\r\nHost: a\r\n", b"X-A: %s\r\n" % PART) == b"HTTP/1.1 400 Bad Request\r\n"


def test_trailers_without_an_end_are_cut_off() -> None:
    """They come after a body, and none of ours has use for any."""
    begin = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n"
    assert endless(begin, b"X-A: %s\r\n" % PART) == b"HTTP/1.1 400 Bad Request\r\n"


@pytest.mark.parametrize("trailer", [b"", b"X-A: a\r\n"], ids=["plain", "with a trailer"])
def test_long_body_in_chunks_is_no_head_and_the_next_request_begins_anew(trailer: bytes) -> None:
    """Also where what is read at once has no byte of a body: a chunk's own length comes alone."""

    async def scene() -> None:
        async with connection() as (reader, writer):
            many = 8 * LONGEST_HEAD // len(PART)
            for _n in range(3):
                await sent(writer, b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", 1)
                await sent(writer, b"%x\r\n%s\r\n" % (len(PART), PART), many)
                await sent(writer, b"0\r\n" + trailer + b"\r\n", 1)
                await answered(reader, many * len(PART))

    asyncio.run(scene())


def test_long_body_is_no_head_and_the_next_request_begins_anew() -> None:
    async def scene() -> None:
        async with connection() as (reader, writer):
            length = 8 * LONGEST_HEAD
            head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % length
            for _n in range(3):
                await sent(writer, head, 1)
                await sent(writer, PART, length // len(PART))
                await answered(reader, length)

    asyncio.run(scene())


async def asked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    """What a socket answers to a ping."""
    writer.write(Frame(Opcode.PING, b"how are you").serialize(mask=True))
    return await asyncio.wait_for(reader.readexactly(len(PONG)), 10)


@asynccontextmanager
async def socket_of(head: bytes = b"") -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Let in, with this in its request beside what must be."""
    async with connection() as (reader, writer):
        writer.write(UPGRADE + head + b"\r\n")
        answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
        assert answer.startswith(b"HTTP/1.1 101")
        yield reader, writer


def test_request_of_a_socket_may_be_longer_than_what_it_says() -> None:
    async def scene() -> None:
        async with socket_of(4 * (b"X-A: %s\r\n" % PART[: MOST_SAID // 2])) as (reader, writer):
            assert await asked(reader, writer) == PONG

    asyncio.run(scene())


def test_socket_that_says_a_little_now_and_then_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each answer is a while after the last."""
    monkeypatch.setattr(web_server, "SAID_WITHIN", 0.0)

    async def scene() -> None:
        async with socket_of() as (reader, writer):
            for _while in range(4):
                writer.write(HI * (MOST_SAID // 2 // len(HI)))
                assert await asked(reader, writer) == PONG

    asyncio.run(scene())


def test_socket_that_says_much_in_all_is_closed_with_a_reason() -> None:
    async def scene() -> None:
        async with socket_of() as (reader, writer):
            for _part in range(2):
                writer.write(HI * (MOST_SAID // 2 // len(HI) - 8))
                assert await asked(reader, writer) == PONG
            writer.write(HI * 16)
            assert await asyncio.wait_for(reader.read(), 10) == TOO_MUCH

    asyncio.run(scene())
