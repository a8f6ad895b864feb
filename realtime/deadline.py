"""One hard wall-clock deadline around a call that may hang anywhere: resolver, connect, TLS, any byte.

The SDK's own time-outs restart with every byte, so they are no deadline. The call runs in a thread of its own;
on a miss it is closed from outside and left behind. What is left behind is counted and bounded: at the bound no
further call is begun, and the process is expected to end (see `exhausted`), so that a fresh one takes over.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import TypeVar

logger = logging.getLogger(__name__)

T = TypeVar("T")

MOST_STUCK = 8
_stuck: set[threading.Thread] = set()
_lock = threading.Lock()


class DeadlineMissed(Exception):
    """The call did not end in time."""


class Exhausted(DeadlineMissed):
    """Too many earlier calls are still stuck: this one was not begun."""


def run(call: Callable[[], T], *, seconds: float, close: Callable[[], object]) -> T:
    """The call's result or its exception; after `seconds` of wall clock, `close()` and DeadlineMissed."""
    if exhausted():
        raise Exhausted(f"{MOST_STUCK} earlier calls are still stuck; this process must end")
    future: Future[T] = Future()
    thread = threading.Thread(target=_settle, args=(future, call), daemon=True, name="deadline")
    thread.start()
    in_time = False
    try:
        in_time = bool(wait([future], timeout=seconds).done)
    finally:
        # A job's own alarm may break the wait: that call is left behind, too.
        if not in_time:
            _leave_behind(thread, close)
    if not in_time:
        raise DeadlineMissed(f"no end after {seconds:g} s")
    return future.result()


def stuck() -> int:
    """How many calls that missed their deadline have still not ended."""
    with _lock:
        _stuck.intersection_update([thread for thread in _stuck if thread.is_alive()])
        return len(_stuck)


def exhausted() -> bool:
    """Whether this process holds as many stuck calls as it may, and should end."""
    return stuck() >= MOST_STUCK


def _settle(future: Future[T], call: Callable[[], T]) -> None:
    try:
        future.set_result(call())
    except BaseException as error:
        future.set_exception(error)


def _leave_behind(thread: threading.Thread, close: Callable[[], object]) -> None:
    with _lock:
        _stuck.add(thread)
    # Closing can itself wait for a lock that the stuck call holds.
    threading.Thread(target=_close_quietly, args=(close,), daemon=True, name="deadline-close").start()


def _close_quietly(close: Callable[[], object]) -> None:
    try:
        close()
    except Exception as error:
        logger.info("closing after a missed deadline: %s", type(error).__name__)
