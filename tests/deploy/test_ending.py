"""A web process that is asked to end drops nobody whom it has let in."""

from __future__ import annotations

import signal
import socket
from contextlib import closing

from clinic.running import home as homes
from clinic.running.web_server import _somebody_waits
from tests.deploy.cluster import Cluster
from tests.waiting import until

ASK = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
END = b'{"alive": true}\r\n0\r\n\r\n'


def answer(client: socket.socket) -> bytes:
    client.sendall(ASK)
    got = b""
    while not got.endswith(END):
        more = client.recv(4096)
        assert more, f"hung up on after {got!r}"
        got += more
    return got


def test_who_was_let_in_before_the_end_is_answered_and_told_that_it_ends(cluster: Cluster) -> None:
    port = cluster.web_ports[0]
    silent, kept = (socket.create_connection(("127.0.0.1", port), 5) for _n in range(2))
    with closing(silent), closing(kept):
        assert b"connection: close" not in answer(kept)
        cluster.send("web 1", signal.SIGTERM)
        until(lambda: not homes.port_taken("127.0.0.1", port))
        for client in (silent, kept):
            assert b"connection: close" in answer(client)
            assert client.recv(1) == b""
    cluster.wait("web 1")
    cluster.start("web 1")


def test_who_waits_in_the_line_of_the_socket_is_seen() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        assert not _somebody_waits([listening])
        with socket.create_connection(listening.getsockname()):
            assert _somebody_waits([listening])
            listening.accept()[0].close()
            assert not _somebody_waits([listening])
