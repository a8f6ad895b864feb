"""Rings this process's hub at once, and then every other process's through the Channels layer."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from realtime import counted
from realtime.transports import channels

Hearer = Callable[[dict[str, Any]], None]

_here: Hearer | None = None


def connect(hearer: Hearer | None) -> None:
    """Sets who in this process hears; None when its hub ends. `hearer` must be safe to call from any thread."""
    global _here
    _here = hearer


def ring(message: dict[str, Any]) -> None:
    """Tells this process's hub now and the others soon. Never waits for Redis, never raises for it."""
    began, hearer = time.monotonic(), _here
    if hearer is not None:
        hearer(message)
    sent = channels.tell_hubs(message)
    if message["type"] == "notices":
        counted.time_ring(began, sent)
