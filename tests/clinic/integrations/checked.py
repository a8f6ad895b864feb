"""A sender's own test of its connection, under the guard that every call is under."""

from __future__ import annotations

from clinic.integrations import guard, kinds
from clinic.models import Destination


def check(destination: Destination) -> list[str]:
    """What was found well, in words."""
    sender = kinds.SENDERS[destination.kind]
    return guard.reach(destination, float(destination.seconds), lambda: sender.check(destination))
