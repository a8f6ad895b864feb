"""How tests wait for what other threads and processes do."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(what: Callable[[], T | None], seconds: float = 5.0, why: str = "") -> T:
    """The first true answer of `what`; AssertionError after `seconds`. Answers are asked for every 10 ms."""
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, why or f"not true within {seconds:g} s"
        time.sleep(0.01)
    return found


def comes(what: Callable[[], object], seconds: float) -> bool:
    """Whether `what` is true at some time within so many seconds."""
    try:
        until(what, seconds)
    except AssertionError:
        return False
    return True
