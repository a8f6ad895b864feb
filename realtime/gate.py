"""May we talk to the vendor now, and if not, why? Asked before each request; nothing else may open a connection.

The parts are asked in a fixed order: configuration, the operator's switch, the breaker. The deadline then bounds
the call itself. A worker that holds the fan-out lease asks; pages and people only peek, which takes no probe.
"""

from __future__ import annotations

from dataclasses import dataclass

import redis
from django.conf import settings

from realtime import breaker, figures, switch
from realtime.breaker import Breaker, View
from realtime.models import Switch


@dataclass(frozen=True)
class Decision:
    """`open`: whether a request may be made. `by`: the part that decided. `reason`: in words, for people."""

    open: bool
    by: str
    reason: str


OPEN = Decision(True, "gate", "the vendor may be used")
REDIS_AWAY = Decision(False, "breaker", "Redis does not answer, so nothing goes by the vendor")


def ask(guard: Breaker, fence: int) -> Decision:
    """For the holder of the fan-out lease: whether it may make one request now. It must then be recorded."""
    decision = _decide(guard, fence)
    figures.GATE.count(decision.by, "open" if decision.open else "shut")
    return decision


def _decide(guard: Breaker, fence: int) -> Decision:
    if refusal := _refusal(switch.read()):
        return refusal
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
    if refusal := _refusal(row):
        return refusal
    if view is None:
        return REDIS_AWAY
    return OPEN if view.lets_through else Decision(False, "breaker", view.in_words())


def _refusal(row: Switch | None) -> Decision | None:
    if not settings.ABLY_PUBLISH_KEY or not settings.ABLY_SUBSCRIBE_KEY:
        return Decision(False, "configuration", "no vendor keys are set: screens run on our own path")
    if why := switch.refusal(row):
        return Decision(False, "switch", why)
    return None
