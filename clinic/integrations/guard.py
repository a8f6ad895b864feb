"""Holds what a call to another system may do to us: how long it lasts, and where it leads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from realtime import deadline
from realtime.connections import Connections

T = TypeVar("T")


def within(seconds: float, call: Callable[[], T], permit: Callable[[Any], object] | None = None) -> T:
    """The call's result or its exception; after `seconds` of wall clock its connections are ended.

    It runs in a thread of its own, so it must not touch the database. `permit`: see `Connections`.
    Raises deadline.DeadlineMissed, or deadline.Exhausted when this process may begin no further call.
    """
    connections = Connections(under=None, permit=permit)

    def watched() -> T:
        with connections.made_here():
            return call()

    try:
        return deadline.run(watched, seconds=seconds, close=connections.end)
    finally:
        connections.end()
