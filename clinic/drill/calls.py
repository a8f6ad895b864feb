"""When workers were inside a vendor call, noted in Redis around each call by the same clock in every design."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import redis

NOW, DONE = "drill:calls:now", "drill:calls:done"

Span = tuple[float, float]
"""Begin and end, in epoch seconds."""


@contextmanager
def noted(client: redis.Redis) -> Iterator[None]:
    """The block is one vendor call."""
    name, began = f"{os.getpid()}-{threading.get_ident()}", time.time()
    client.hset(NOW, name, str(began))
    try:
        yield
    finally:
        with client.pipeline() as pipe:
            pipe.hdel(NOW, name)
            pipe.rpush(DONE, f"{began} {time.time()}")
            pipe.execute()


def spans(client: redis.Redis, until: float) -> list[Span]:
    """All calls so far; those that go on end at `until`."""
    done: Any = client.lrange(DONE, 0, -1)
    under_way: Any = client.hvals(NOW)
    ended = [(float(began), float(end)) for began, end in (line.split() for line in done)]
    return ended + [(float(began), until) for began in under_way]


def within(spans: Sequence[Span], begin: float, end: float) -> float:
    """Their seconds between two moments, summed."""
    return sum(max(0.0, min(end, last) - max(begin, first)) for first, last in spans)
