"""Evenkeel's own worker, with each vendor call noted: nothing else of it is touched."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import redis
from django.conf import settings

from clinic.drill import calls
from clinic.running import worker
from clinic.running.pools import POOLS
from realtime import redis_link, switch_watch
from realtime.transports.ably import AblyTransport


def work(pool: str, connection: redis.Redis) -> None:
    """Serves a pool until it is stopped."""
    AblyTransport.send = noted(AblyTransport.send)  # type: ignore[method-assign]
    with switch_watch.of_worker(pool, POOLS[pool]):
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
