"""Commits that need not wait for the disk: what is made up may be lost in a power cut."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

WORDS = {"sqlite": "PRAGMA synchronous=NORMAL", "postgresql": "SET synchronous_commit TO off"}


@contextmanager
def hurrying() -> Iterator[None]:
    """Until its end this thread's commits are kept from a crash of the process, but not from one of the machine.

    Inside a transaction it changes nothing.
    """
    if connection.in_atomic_block or connection.vendor not in WORDS:
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute(WORDS[connection.vendor])
    try:
        yield
    finally:
        # The next connection begins as the settings say.
        connection.close()
