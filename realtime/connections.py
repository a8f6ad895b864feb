"""The TCP connections that one client makes, so that any thread can end them: those it has, and those to come.

A client can close what it holds, not what it is about to open: a resolver that answers late, or the next of
several addresses, would lead to a connection and a request long after it was closed. So connections are seen where
they are made, by Python's audit events of the thread that makes them.
"""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any

_here = threading.local()
_open: set[Connections] = set()
_lock = threading.Lock()


class Connections:
    """`under`: the version of the operator's switch that allowed what is open now; None: the switch is not asked.

    `permit` is called with each address (host, port, ...) before it is connected to; what it raises, the one who
    connects gets. `ended`: for good. `are_forbidden`: it was the switch that ended them.
    """

    def __init__(self, under: int | None = 0, permit: Callable[[Any], object] | None = None) -> None:
        self.under = under or 0
        self.ended = self.are_forbidden = False
        self._permit = permit
        self._sockets: list[socket.socket] = []
        if under is not None:
            with _lock:
                _open.add(self)

    @contextmanager
    def made_here(self) -> Iterator[None]:
        """Within the block every connection that this thread makes is one of these.

        After `end` each step towards one, the look-up of a name included, raises ConnectionAbortedError.
        """
        _listen()
        _here.connections = self
        try:
            yield
        finally:
            _here.connections = None

    def end(self) -> None:
        """Ends every connection at once, also one under way; whoever waits for one gets an error."""
        with _lock:
            self.ended = True
            sockets, self._sockets = self._sockets, []
            _open.discard(self)
        for one in sockets:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _allow(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "socket.connect" and self._permit is not None:
            self._permit(arguments[1])
        # A duplicate: under TLS the object that connects gives its descriptor to another.
        duplicate = arguments[0].dup() if event == "socket.connect" and not self.ended else None
        with _lock:
            if duplicate is not None:
                self._sockets.append(duplicate)
            if not self.ended:
                return
        self.end()
        raise ConnectionAbortedError("these connections were ended")


def forbid() -> None:
    """The switch is off: ends every connection of this process that belongs to a Connections."""
    for each in _all():
        each.are_forbidden = True
        each.end()


def oldest() -> int | None:
    """The oldest `under` of all that are not ended; None when all are."""
    return min((each.under for each in _all()), default=None)


def _all() -> list[Connections]:
    with _lock:
        return list(_open)


@cache
def _listen() -> None:
    sys.addaudithook(_on_event)


def _on_event(event: str, arguments: tuple[Any, ...]) -> None:
    if event.startswith("socket."):
        connections = getattr(_here, "connections", None)
        if connections is not None:
            connections._allow(event, arguments)
