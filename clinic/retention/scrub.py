"""Takes what was deleted out of the database's files too: a row that is gone is still there in freed pages."""

from __future__ import annotations

from django.db import connection

from clinic.models import Delivery, EngineEvent, InboundMessage, RemoteRecord, Visit, VisitEvent

TABLES = (Visit, VisitEvent, Delivery, InboundMessage, EngineEvent, RemoteRecord)


def begin() -> None:
    """Before anything is deleted. SQLite overwrites then what it frees."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA secure_delete = ON")


def end() -> bool:
    """After it. False where a reader stood in the way: then the same again later.

    SQLite writes the file anew and empties its log. PostgreSQL frees the room of dead rows for new ones.
    """
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            names = ", ".join(connection.ops.quote_name(model._meta.db_table) for model in TABLES)
            cursor.execute(f"VACUUM (ANALYZE) {names}")
            return True
        cursor.execute("VACUUM")
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        busy, _log, _done = cursor.fetchone()
        return not busy
