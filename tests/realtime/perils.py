"""What can hold a call to the vendor: each fault of the stand-in, the resolver, the network, a deaf peer."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock

from realtime.standin.faults import Mode
from tests.realtime.standin_rig import Rig

NAME = "vendor.test"
FOUR = ["127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5"]
LARGE = 6_000_000
RESOLVER_SECONDS = 5.0


@dataclass(frozen=True)
class Peril:
    """`client`: where the SDK connects. `size`: characters in a topic's name. `release` lets go of it."""

    client: dict[str, Any]
    size: int = 1
    release: Callable[[], object] = int


@contextmanager
def fault(rig: Rig, mode: str) -> Iterator[Peril]:
    """One of the stand-in's, under TLS."""
    rig.fault(mode)
    yield Peril({"endpoint": "127.0.0.1", "tls": True, "tls_port": rig.standin.tls_port})


@contextmanager
def held_resolver(rig: Rig, mode: str = "ok") -> Iterator[Peril]:
    """A look-up of the vendor's name holds its thread for RESOLVER_SECONDS, or until it is released.

    The answer is right, and the port plain: a request on a connection that comes of it would be taken.
    """
    rig.fault(mode)
    answered = threading.Event()
    with names(["127.0.0.1"], rig.standin.port, answered):
        yield Peril(plain(rig.standin.port), release=answered.set)
        answered.set()


@contextmanager
def dropped_syn(rig: Rig) -> Iterator[Peril]:
    """A name with four addresses, of which none answers a SYN."""
    with ExitStack() as stack:
        first = stack.enter_context(full(FOUR[0], 0))
        for address in FOUR[1:]:
            stack.enter_context(full(address, first))
        stack.enter_context(names(FOUR, first))
        yield Peril(plain(first))


@contextmanager
def deaf_peer(rig: Rig) -> Iterator[Peril]:
    """Takes the connection and never reads; the body is larger than the buffers on the way."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        yield Peril({**plain(server.getsockname()[1]), "endpoint": "127.0.0.1"}, size=LARGE)


PERILS: dict[str, Callable[[Rig], Any]] = {
    **{mode.value: lambda rig, mode=mode.value: fault(rig, mode) for mode in Mode},
    "resolver that hangs": held_resolver,
    "four addresses that drop SYN": dropped_syn,
    "peer that never reads": deaf_peer,
}


def plain(port: int) -> dict[str, Any]:
    return {"endpoint": NAME, "tls": False, "port": port}


@contextmanager
def full(address: str, port: int) -> Iterator[int]:
    """A listener whose backlog is full, so that the kernel drops every further SYN. Gives its port."""
    with ExitStack() as stack:
        server = stack.enter_context(socket.socket())
        server.bind((address, port))
        server.listen(0)
        port = server.getsockname()[1]
        for _connection in range(4):
            one = stack.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex((address, port))
        yield port


@contextmanager
def names(addresses: list[str], port: int, answered: threading.Event | None = None) -> Iterator[None]:
    """NAME leads to these addresses, once the event is set; other names go the usual way."""
    usual = socket.getaddrinfo

    def look_up(host: Any, *more: Any, **options: Any) -> Any:
        if host not in (NAME, NAME.encode()):
            return usual(host, *more, **options)
        if answered is not None:
            answered.wait(RESOLVER_SECONDS)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    with mock.patch.object(socket, "getaddrinfo", look_up):
        yield
