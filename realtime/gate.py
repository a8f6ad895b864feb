"""May we talk to the vendor now, and if not, why? Asked before each request; nothing else may open a connection.

The parts are asked in a fixed order: configuration, the operator's switch. The circuit breaker's place is after
the switch; the deadline then bounds the call itself.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from realtime import switch
from realtime.models import Switch


@dataclass(frozen=True)
class Decision:
    """`open`: whether a request may be made. `by`: the part that decided. `reason`: in words, for people."""

    open: bool
    by: str
    reason: str


def ask() -> Decision:
    """The decision now, from the row as it stands in the database."""
    return decide(switch.read())


def decide(row: Switch | None) -> Decision:
    """The decision that follows from a switch row already at hand."""
    if not settings.ABLY_PUBLISH_KEY or not settings.ABLY_SUBSCRIBE_KEY:
        return Decision(False, "configuration", "no vendor keys are set: screens run on our own path")
    if refusal := switch.refusal(row):
        return Decision(False, "switch", refusal)
    return Decision(True, "gate", "the vendor may be used")
