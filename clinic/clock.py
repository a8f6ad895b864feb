"""The time that services write and compare."""

from __future__ import annotations

from datetime import datetime

from django.db import connection
from django.utils import timezone


def now() -> datetime:
    """The database's own time where it has a clock, so that servers whose clocks differ agree; one query.

    SQLite has none: there all processes share one machine, and its clock.
    """
    if connection.vendor != "postgresql":
        return timezone.now()
    with connection.cursor() as cursor:
        # Not now(), which is the transaction's start: the lock may have been waited for since then.
        cursor.execute("SELECT clock_timestamp()")
        at: datetime = cursor.fetchone()[0]
        return at
