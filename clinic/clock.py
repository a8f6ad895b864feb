"""What time it is, for all that services write and compare. Only a simulation or a test says another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

from django.db import connection
from django.utils import timezone

_source: ContextVar[Callable[[], datetime] | None] = ContextVar("clinic.clock", default=None)


def now() -> datetime:
    """This moment, with its time zone. From the database where it has a clock, so that servers agree: one query.

    SQLite has none: there all processes share one machine, and its clock.
    """
    source = _source.get()
    if source:
        return source()
    return _database_time() if connection.vendor == "postgresql" else timezone.now()


def is_real() -> bool:
    """Whether `now` is this moment, and not what a simulation says."""
    return _source.get() is None


def _database_time() -> datetime:
    with connection.cursor() as cursor:
        # Not now(), which is the transaction's start: the lock may have been waited for since then.
        cursor.execute("SELECT clock_timestamp()")
        at: datetime = cursor.fetchone()[0]
        return at


@contextmanager
def override(source: Callable[[], datetime]) -> Iterator[None]:
    """Until the end, `now` says what `source` does; in this thread or task alone."""
    token = _source.set(source)
    try:
        yield
    finally:
        _source.reset(token)
