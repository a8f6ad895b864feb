"""A listener on a loopback port of its own, and senders who talk to it."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections

from clinic.inbound.listener import Limits, Listener, Receive
from clinic.inbound.receiver import receive as receive_for_clinics
from clinic.integrations import mllp


@contextmanager
def listener(
    receive: Receive = receive_for_clinics, limits: Limits | None = None, tls: ssl.SSLContext | None = None
) -> Iterator[int]:
    """One in this process, on a thread; gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        loop, stop = asyncio.new_event_loop(), asyncio.Event()
        one = Listener(_and_close(receive), limits or Limits(), tls)
        thread = threading.Thread(target=loop.run_until_complete, args=(one.serve(listening, stop),))
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            loop.call_soon_threadsafe(stop.set)
            thread.join(5)
            loop.close()


def _and_close(receive: Receive) -> Receive:
    """The test's database goes before its threads do."""

    def closing(message: bytes) -> bytes | None:
        try:
            return receive(message)
        finally:
            connections.close_all()

    return closing


class Sender:
    """A plain socket that speaks MLLP, well or badly."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=5)

    def __enter__(self) -> Sender:
        return self

    def __exit__(self, *args: object) -> None:
        self.socket.close()

    def send(self, text: str) -> None:
        self.socket.sendall(mllp.frame(text.encode()))

    def ask(self, text: str) -> str:
        self.send(text)
        return self.answers(1)[0]

    def answers(self, count: int) -> list[str]:
        """So many answers; fewer where the other side closes before."""
        frames, found = mllp.Frames(), list[bytes]()
        while len(found) < count and (data := self.read()):
            found += frames.feed(data)
        return [one.decode() for one in found]

    def read(self) -> bytes:
        """What comes next; nothing when the other side has closed."""
        try:
            return self.socket.recv(65536)
        except ConnectionResetError:
            return b""
