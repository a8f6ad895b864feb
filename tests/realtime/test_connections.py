"""Connections that another thread ends: those that are made, under way, or only meant."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from realtime import connections
from realtime.connections import Connections
from tests.realtime.perils import full
from tests.waiting import until


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


@pytest.fixture
def ours() -> Iterator[Connections]:
    ours = Connections(under=7)
    yield ours
    ours.end()


def connect(ours: Connections, server: socket.socket) -> socket.socket:
    with ours.made_here():
        return socket.create_connection(server.getsockname(), 5)


def test_end_ends_what_another_thread_waits_for(ours: Connections, server: socket.socket) -> None:
    client = connect(ours, server)
    client.settimeout(None)
    heard: list[bytes] = []
    reader = threading.Thread(target=lambda: heard.append(client.recv(1)))
    reader.start()
    ours.end()
    reader.join(2)
    assert heard == [b""]
    theirs, _address = server.accept()
    assert theirs.recv(1) == b""
    for each in (client, theirs):
        each.close()


def test_end_ends_a_connection_under_way(ours: Connections) -> None:
    failed = threading.Event()

    def hang(port: int) -> None:
        with ours.made_here(), suppress(OSError):
            socket.create_connection(("127.0.0.2", port), 60)
        failed.set()

    with full("127.0.0.2", 0) as port:
        threading.Thread(target=hang, args=(port,), daemon=True).start()
        until(lambda: ours._sockets)
        assert not failed.wait(0.05)
        ours.end()
        assert failed.wait(2)


def test_after_the_end_no_connection_and_no_look_up_begins(ours: Connections, server: socket.socket) -> None:
    ours.end()
    with pytest.raises(ConnectionAbortedError):
        connect(ours, server)
    with ours.made_here(), pytest.raises(ConnectionAbortedError):
        socket.getaddrinfo("127.0.0.1", 80)
    server.settimeout(0.05)
    with pytest.raises(TimeoutError):
        server.accept()


def test_connections_outside_the_block_or_of_others_are_left_alone(
    ours: Connections, server: socket.socket
) -> None:
    other = Connections()
    with connect(other, server) as theirs, socket.create_connection(server.getsockname()) as free:
        ours.end()
        for each in (theirs, free):
            each.settimeout(0.05)
            with pytest.raises(TimeoutError):
                each.recv(1)
    other.end()


def test_duplicate_does_not_keep_a_connection_open_after_the_end(ours: Connections, server: socket.socket) -> None:
    connect(ours, server).close()
    theirs, _address = server.accept()
    theirs.settimeout(2)
    ours.end()
    assert theirs.recv(1) == b"" and ours._sockets == []
    theirs.close()


def test_oldest_is_of_those_that_are_not_ended(ours: Connections) -> None:
    older = Connections(under=3)
    assert connections.oldest() == 3
    older.end()
    assert connections.oldest() == 7
    connections.forbid()
    assert connections.oldest() is None
