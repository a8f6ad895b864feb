"""Other systems that speak HL7 v2, on loopback: one by independent authors, and one that does as a test says."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import hl7
import hl7.mllp
import trustme

from clinic.integrations import er7


@dataclass
class Listener:
    """The `hl7` package's MLLP server: keeps what it got, and acknowledges it with `code`."""

    port: int = 0
    code: str = "AA"
    encoding: str = "utf-8"
    seen: list[hl7.Message] = field(default_factory=list)

    async def serve(self, reader: hl7.mllp.HL7StreamReader, writer: hl7.mllp.HL7StreamWriter) -> None:
        reader.encoding = writer.encoding = self.encoding
        try:
            while True:
                message = await reader.readmessage()
                self.seen.append(message)
                writer.writemessage(message.create_ack(self.code))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.transport.abort()


@contextmanager
def listening(context: ssl.SSLContext | None = None, encoding: str = "utf-8") -> Iterator[Listener]:
    """A listener that serves until the block ends, over TLS with a context."""
    peer, loop = Listener(encoding=encoding), asyncio.new_event_loop()
    server = loop.run_until_complete(hl7_server(peer, context))
    peer.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield peer
    finally:
        asyncio.run_coroutine_threadsafe(_end(server), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


async def hl7_server(peer: Listener, context: ssl.SSLContext | None) -> asyncio.Server:
    server: asyncio.Server = await hl7.mllp.start_hl7_server(peer.serve, "127.0.0.1", 0, ssl=context)
    return server


async def _end(server: asyncio.Server) -> None:
    server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    # An aborted transport closes its socket in a later round of the loop.
    await asyncio.sleep(0.05)


@contextmanager
def scripted(play: Callable[[socket.socket], object], context: ssl.SSLContext | None = None) -> Iterator[int]:
    """The port of a server that does with its one caller what `play` says, and then hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(5)
        thread = threading.Thread(target=_play, args=(server, play, context), daemon=True)
        thread.start()
        yield server.getsockname()[1]
    thread.join(6)
    assert not thread.is_alive()


def _play(server: socket.socket, play: Callable[[socket.socket], object], context: ssl.SSLContext | None) -> None:
    with suppress(OSError):
        connection, _address = server.accept()
        connection.settimeout(5)
        with connection, context.wrap_socket(connection, server_side=True) if context else connection as peer:
            play(peer)


def heard(peer: socket.socket) -> bytes:
    """What the caller sends, up to the end block."""
    data = b""
    while not data.endswith(b"\x1c\r") and (piece := peer.recv(65536)):
        data += piece
    return data


def hung_up(peer: socket.socket) -> None:
    """Waits until the caller does."""
    while peer.recv(65536):
        pass


def says(answer: bytes) -> Callable[[socket.socket], object]:
    """One who hears a message out, and answers so."""

    def play(peer: socket.socket) -> None:
        heard(peer)
        peer.sendall(answer)

    return play


def acknowledgement(key: str, code: str = "AA", *more: tuple[str, dict[int, er7.Field]], words: str = "") -> bytes:
    """A whole answer as it goes over the wire, without its blocks."""
    header: dict[int, er7.Field] = {9: ("ACK", "A04", "ACK"), 10: "X1", 11: "P", 12: "2.5.1"}
    text = er7.encode([("MSH", header), ("MSA", {1: code, 2: key, 3: words}), *more], "")
    return text.encode()


@dataclass
class Certificates:
    """An authority, with what a server and a client need of it."""

    authority: trustme.CA = field(default_factory=trustme.CA)

    def server(self, *, wants_ours: bool = False) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
        if wants_ours:
            self.authority.configure_trust(context)
            context.verify_mode = ssl.CERT_REQUIRED
        return context

    @property
    def pem(self) -> str:
        return self.authority.cert_pem.bytes().decode()

    def client(self) -> tuple[str, str]:
        """A client's certificate with its chain, and its private key."""
        issued = self.authority.issue_cert("evenkeel.example")
        chain = "".join(pem.bytes().decode() for pem in issued.cert_chain_pems)
        return chain, issued.private_key_pem.bytes().decode()
