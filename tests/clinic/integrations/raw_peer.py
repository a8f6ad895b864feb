"""A peer on loopback that takes one connection and answers whatever a test likes, byte by byte."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

OK = b"HTTP/1.1 200 OK\r\n"


@contextmanager
def peer(answer: Callable[[socket.socket], object]) -> Iterator[str]:
    """The address of a peer that reads a request and leaves the rest to `answer`."""

    def serve(server: socket.socket) -> None:
        connection, _address = server.accept()
        with connection:
            connection.recv(65536)
            try:
                answer(connection)
                while connection.recv(65536):
                    pass
            except OSError:
                """The caller has hung up."""

    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(5)
        thread = threading.Thread(target=serve, args=(server,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        thread.join(5)
        assert not thread.is_alive()


def says(text: bytes) -> Callable[[socket.socket], object]:
    return lambda connection: connection.sendall(text)


def floods(connection: socket.socket) -> None:
    connection.sendall(OK + b"transfer-encoding: chunked\r\n\r\n")
    while True:
        connection.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")


def drips(connection: socket.socket) -> None:
    """The head at once, and then a byte of the body every 20 ms."""
    connection.sendall(OK + b"content-length: 1000\r\n\r\n")
    while True:
        connection.sendall(b"{")
        time.sleep(0.02)
