"""Every way this process talks to Redis, with explicit time-outs and no retry after one.

The client library's defaults wait for a minute on a frozen server. Here a step waits 0.25 s at most, and what must
be told after a commit is told by one thread of its own: no request of a patient or at the desk waits for Redis at
all (the ops page, which is about it, does). After a miss that thread leaves Redis alone for a second; the
database, the hub's second and the sweep carry what it did not tell.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from threading import BoundedSemaphore
from typing import Any

import redis
from django.conf import settings

logger = logging.getLogger(__name__)

PATIENCE = 0.25
PAUSE = 1.0
MOST_WAITING = 1000
WRITTEN = "evenkeel:written"


@cache
def client() -> redis.Redis:
    """This process's client for short commands: each answers or fails within PATIENCE seconds a socket step."""
    return redis.Redis(**settings.REDIS_KWARGS)


def try_write() -> None:
    """One small write: a Redis that answers may still take none, and workers can do nothing then.

    Raises redis.ResponseError where it answers and refuses: a full disk or memory, a replica. Raises another
    redis.RedisError where it is away.
    """
    client().set(WRITTEN, 1, px=1000)


def refusal() -> str:
    """By what word of its own Redis takes no writes: MISCONF, OOM, READONLY; "" when it does.

    Raises redis.RedisError where it is away.
    """
    try:
        try_write()
    except redis.ResponseError as error:
        return error.status_code or str(error).partition(" ")[0]
    return ""


class RedisThread:
    """One thread with one event loop and one connection: actions run one after the other, none is retried."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="redis", initializer=self._make_loop)
        self._places = BoundedSemaphore(MOST_WAITING)
        self._alone_until = 0.0
        self._loop: asyncio.AbstractEventLoop | None = None

    def soon(self, action: Callable[[], object]) -> Future[bool] | None:
        """Runs `action` on the thread, soon. Never waits, never raises; None when too much waits already."""
        if not self._places.acquire(blocking=False):
            return None
        try:
            return self._pool.submit(self._run, action)
        except RuntimeError:
            # The interpreter, or this thread, is ending.
            self._places.release()
            return None

    def wait(self, awaitable: Coroutine[Any, Any, object]) -> None:
        """For actions: runs a coroutine on the thread's kept loop, for PATIENCE seconds at most."""
        if self._loop is None:
            raise RuntimeError("only an action given to soon() may wait")
        self._loop.run_until_complete(asyncio.wait_for(awaitable, PATIENCE))

    def stop(self) -> None:
        """Does what was given so far, then ends the thread and its connection."""
        with suppress(RuntimeError):
            self._pool.submit(self._end_loop)
        self._pool.shutdown()

    def _make_loop(self) -> None:
        self._loop = asyncio.new_event_loop()

    def _end_loop(self) -> None:
        if self._loop is not None:
            self._loop.close()

    def _run(self, action: Callable[[], object]) -> bool:
        try:
            if time.monotonic() < self._alone_until:
                return False
            action()
            return True
        except (redis.RedisError, OSError, TimeoutError) as error:
            self._alone_until = time.monotonic() + PAUSE
            logger.warning("redis left alone for %g s: %s", PAUSE, type(error).__name__)
            return False
        except Exception:
            logger.exception("an action for redis failed")
            return False
        finally:
            self._places.release()


thread = RedisThread()
