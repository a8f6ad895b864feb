"""Listens for HL7 messages over MLLP. Slow senders, and those that hang or drip, hold nobody but themselves.

One event loop has all connections, and a few threads of their own have the database. Each connection's messages
are taken one by one, each with one answer.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from django.db import close_old_connections

from clinic.integrations import mllp

logger = logging.getLogger(__name__)

CHUNK = 65536
THREADS = 4
Receive = Callable[[bytes], bytes | None]


@dataclass(frozen=True)
class Limits:
    """`connections`: at once. In seconds: `handshake` of TLS; `message`, from its first byte to its last;
    `answer`, until it was taken from us; `idle`, without any message."""

    connections: int = 20
    handshake: float = 10.0
    message: float = 30.0
    answer: float = 10.0
    idle: float = 300.0


@dataclass
class Use:
    """Of what use a connection has been: whether a message ever came, and since when none, by the loop's clock."""

    since: float
    is_proven: bool = False

    @property
    def rank(self) -> tuple[bool, float]:
        """The lowest is to go first where there are too many."""
        return self.is_proven, self.since


class Listener:
    """Gives each whole message to `receive`, on a thread, and what that returns to the sender.

    Where `receive` raises, the connection is closed without an answer: the sender will send it again.
    """

    def __init__(self, receive: Receive, limits: Limits, tls: ssl.SSLContext | None = None) -> None:
        self._receive, self._limits, self._tls = receive, limits, tls
        self._uses: dict[asyncio.Task[None], Use] = {}
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="inbound")

    async def serve(self, listening: socket.socket, stop: asyncio.Event) -> None:
        """Until `stop`. What is being written then is finished; who gets no answer sends it again."""
        listening.setblocking(False)
        accepting = asyncio.create_task(self._accept(listening))
        try:
            await stop.wait()
        finally:
            tasks = [accepting, *self._uses]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._threads.shutdown()

    async def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                peer, _address = await loop.sock_accept(listening)
            except OSError as error:
                # No more files may be open: those that are go on, and some will end.
                logger.warning("no connection can be accepted: %s", type(error).__name__)
                await asyncio.sleep(1)
                continue
            self._make_room()
            use = Use(loop.time())
            task = loop.create_task(self._hold(peer, use))
            self._uses[task] = use
            task.add_done_callback(lambda done: self._uses.pop(done, None))
            # Let it begin: one that is ended before it has would not close its socket.
            await asyncio.sleep(0)

    def _make_room(self) -> None:
        """Ends the connection that was of least use, so that those who only hold one keep nobody out."""
        while len(self._uses) >= self._limits.connections:
            task = min(self._uses, key=lambda task: self._uses[task].rank)
            del self._uses[task]
            task.cancel()

    async def _hold(self, peer: socket.socket, use: Use) -> None:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(reader)
        handshake = self._limits.handshake if self._tls else None
        try:
            transport, _protocol = await loop.connect_accepted_socket(
                lambda: protocol, peer, ssl=self._tls, ssl_handshake_timeout=handshake
            )
        except OSError:
            peer.close()
            return
        writer = asyncio.StreamWriter(transport, protocol, reader, loop)
        try:
            await self._talk(use, reader, writer)
        except OSError:
            pass
        except Exception as error:
            logger.warning("a message is not answered, and will come again: %s", type(error).__name__)
        finally:
            transport.abort()

    async def _talk(self, use: Use, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop, limits, frames = asyncio.get_running_loop(), self._limits, mllp.Frames()
        began: float | None = None
        while not frames.broken:
            due = use.since + limits.idle if began is None else began + limits.message
            async with asyncio.timeout_at(due):
                data = await reader.read(CHUNK)
            if not data:
                return
            messages = frames.feed(data)
            for message in messages:
                await self._answer(use, message, writer)
            if messages or not frames.is_within:
                began = None
            if frames.is_within and began is None:
                began = loop.time()
        logger.warning("a connection was closed: %s", frames.broken)

    async def _answer(self, use: Use, message: bytes, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        answer = await loop.run_in_executor(self._threads, _with_database, self._receive, message)
        use.since, use.is_proven = loop.time(), True
        if answer is not None:
            writer.write(mllp.frame(answer))
            async with asyncio.timeout(self._limits.answer):
                await writer.drain()


def _with_database(receive: Receive, message: bytes) -> bytes | None:
    """On a thread that is kept: a connection that died meanwhile is found out before it is used."""
    close_old_connections()
    try:
        return receive(message)
    finally:
        close_old_connections()


def tls_context(certificate: str, key: str, client_ca: str = "") -> ssl.SSLContext:
    """`client_ca`: only senders with a certificate of this authority are let in. All PEM files. Raises OSError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    if client_ca:
        context.load_verify_locations(client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context
