"""Evenkeel's own worker, with each vendor call noted: nothing else of it is touched."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import redis
from django.conf import settings

from clinic.drill import calls
from clinic.running import worker
from realtime import redis_link
from realtime.transports.ably import AblyTransport


def work(pool: str, connection: redis.Redis) -> None:
    """Serves a pool until it is stopped."""
    AblyTransport.send = noted(AblyTransport.send)  # type: ignore[method-assign]
    worker.run(pool, connection)


def noted(call: Callable[..., Any]) -> Callable[..., Any]:
    """The same call, noted."""

    @wraps(call)
    def wrapped(*args: Any) -> Any:
        with calls.noted(redis_link.client()):
            return call(*args)

    return wrapped


def options() -> dict[str, Any]:
    """What the worker's Redis client is made with, as `manage.py worker` makes it."""
    return {**settings.REDIS_KWARGS, **worker.redis_options()}
