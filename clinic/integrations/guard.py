"""Holds what a call to another system may do to us: how long it lasts, and where it leads."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from clinic.integrations import addresses
from clinic.integrations.parcel import NotDelivered
from clinic.models import Destination
from clinic.models.deliveries import Failure
from realtime import deadline
from realtime.connections import Connections

T = TypeVar("T")

ENCRYPTED = ("https://", "mllps://")


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


def reach(destination: Destination, seconds: float, call: Callable[[], T]) -> T:
    """As `within`, only to addresses that the destination may lead to.

    Raises addresses.NotAllowed when nothing could be reached and an address was refused.
    """
    refused: list[addresses.NotAllowed] = []
    in_clear = not destination.url.lower().startswith(ENCRYPTED)
    try:
        return within(seconds, call, partial(_permit, refused, in_clear))
    except (OSError, NotDelivered) as error:
        # To the caller it was an address that does not work; the refusal says what to do.
        is_connecting = isinstance(error, OSError) or error.failure == Failure.UNREACHABLE
        raise refused[0] if refused and is_connecting else error from None


def _permit(refused: list[addresses.NotAllowed], in_clear: bool, address: Any) -> None:
    try:
        addresses.must_be_allowed(address, in_clear=in_clear)
    except addresses.NotAllowed as error:
        refused.append(error)
        raise
