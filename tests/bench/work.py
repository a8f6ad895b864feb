"""The jobs that are enqueued to see when they begin."""

from __future__ import annotations

import time

from realtime import redis_link

BEGUN = "bench:begun"


def begin(number: int) -> None:
    """Says when its first line ran, in monotonic seconds."""
    at = time.monotonic()
    redis_link.client().rpush(BEGUN, f"{number} {at!r}")


def low(milliseconds: int) -> None:
    """Less urgent work that takes its time."""
    time.sleep(milliseconds / 1000)
