"""How long a page waits for one statement of PostgreSQL, its locks included; SQLite has its own busy time-out.

For web processes alone: a migration, a backup, a purge and a restore take as long as they take.
"""

from __future__ import annotations

from typing import Any

SECONDS = 20


def put(connection: Any, **_signal: object) -> None:
    """For Django's signal `connection_created`."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, false)", [f"{SECONDS}s"])
