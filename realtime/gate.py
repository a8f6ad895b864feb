"""May we talk to the vendor now, and if not, why? Asked before each request; nothing else may open a connection.

The parts are asked in a fixed order: configuration, the operator's switch, the breaker. The deadline then bounds
the call itself. A worker that holds the fan-out lease asks; pages and people only peek, which takes no probe.
"""

from __future__ import annotations

from dataclasses import dataclass

import redis
from django.conf import settings

from realtime import breaker, counted, switch
from realtime.breaker import Breaker, View
from realtime.models import Switch


@dataclass(frozen=True)
class Decision:
    """`open`: whether a request may be made. `by`: the part that decided. `reason`: in words, for people."""

    open: bool
    by: str
    reason: str


@dataclass(frozen=True)
class Part:
    """What one part of the gate says: whether it lets requests through, and why, in words."""

    name: str
    opens: bool
    why: str


OPEN = Decision(True, "gate", "the vendor may be used")
CONFIGURATION = "configuration"
NOT_CONFIGURED = "not configured: screens run on our own path"
FORCED_OFF = f"{switch.FORCED_OFF}: screens run on our own path"
REDIS_AWAY = Decision(False, "breaker", "Redis does not answer, so nothing goes by the vendor")


def ask(guard: Breaker, fence: int) -> Decision:
    """For the holder of the fan-out lease: whether it may make one request now. It must then be recorded."""
    decision = _decide(guard, fence)
    counted.GATE.count(decision.by, "open" if decision.open else "shut")
    return decision


def _decide(guard: Breaker, fence: int) -> Decision:
    if shut := _first_shut(_before_breaker(switch.read())):
        return shut
    try:
        verdict = guard.ask(fence)
    except redis.RedisError:
        return REDIS_AWAY
    return OPEN if verdict.may_call else Decision(False, "breaker", verdict.why)


def peek() -> Decision:
    """For pages: the switch's row as it is now, and the breaker as this process's hub last heard of it."""
    return decide(switch.read(), breaker.heard())


def decide(row: Switch | None, view: View | None) -> Decision:
    """What follows from a switch row and a view of the breaker already at hand; None: not readable."""
    return _first_shut(parts(row, view)) or OPEN


def parts(row: Switch | None, view: View | None) -> list[Part]:
    """All parts, in the order in which they are asked: the first that does not open decides."""
    lets_through = view is not None and view.lets_through
    said = view.in_words() if view else REDIS_AWAY.reason
    return [*_before_breaker(row), Part("breaker", lets_through, said)]


def _before_breaker(row: Switch | None) -> list[Part]:
    not_meant, why = _not_meant(), switch.refusal(row)
    return [
        Part(CONFIGURATION, not not_meant, not_meant or "the vendor's keys are set"),
        Part("switch", not why, why or "on: the vendor may be used"),
    ]


def is_configured() -> bool:
    """Whether this process is meant to use the vendor at all."""
    return not _not_meant()


def _not_meant() -> str:
    """Why not, in words; empty if it is."""
    if settings.VENDOR_FORCED_OFF:
        return FORCED_OFF
    return "" if settings.ABLY_PUBLISH_KEY and settings.ABLY_SUBSCRIBE_KEY else NOT_CONFIGURED


def _first_shut(parts: list[Part]) -> Decision | None:
    shut = next((part for part in parts if not part.opens), None)
    return Decision(False, shut.name, shut.why) if shut else None
