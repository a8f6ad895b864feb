"""What time it is, for all that services write. Only a simulation or a test says another than the real one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

from django.utils import timezone

_source: ContextVar[Callable[[], datetime] | None] = ContextVar("clinic.clock", default=None)


def now() -> datetime:
    """This moment, with its time zone."""
    source = _source.get()
    return source() if source else timezone.now()


@contextmanager
def override(source: Callable[[], datetime]) -> Iterator[None]:
    """Until the end, `now` says what `source` does; in this thread or task alone."""
    token = _source.set(source)
    try:
        yield
    finally:
        _source.reset(token)
