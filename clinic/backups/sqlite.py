"""SQLite's own copy of a database in use, and its way back."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from django.conf import settings
from django.db import connection

from clinic.backups.manifest import BadBackup
from clinic.running import home

COPY = "database.sqlite3"


def target() -> Path:
    return Path(settings.DATABASES["default"]["NAME"])


def dump(folder: Path) -> tuple[Path, dict[str, int]]:
    """The copy, of one moment, and how many rows its tables have. Nobody waits for it."""
    path = folder / COPY
    with connection.cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [str(path)])
    return path, rows(path)


def rows(path: Path) -> dict[str, int]:
    """How many rows each table of such a file has. Raises BadBackup."""
    try:
        with closing(sqlite3.connect(path)) as database:
            (state,) = database.execute("PRAGMA integrity_check").fetchone()
            if state != "ok":
                raise BadBackup(f"The copy is damaged: {state}.")
            return {name: _count(database, name) for name in _tables(database)}
    except sqlite3.DatabaseError as error:
        raise BadBackup(f"The copy is damaged: {error}.") from None


def is_empty() -> bool:
    """Whether nothing is where the database goes."""
    return not target().exists() or not rows(target())


def refuse_while_in_use() -> None:
    """A file that is replaced under a process goes on being written by it. Raises BadBackup."""
    if run := home.read_run(settings.HOME):
        raise BadBackup(f"Evenkeel runs here as process {run['pid']}: stop it first.")


def load(path: Path) -> None:
    """Puts the copy in the database's place, whole or not at all."""
    refuse_while_in_use()
    connection.close()
    with path.open("rb") as file:
        os.fsync(file.fileno())
    # What belonged to the old file must not be taken for the new one's.
    for ending in ("-wal", "-shm"):
        target().with_name(target().name + ending).unlink(missing_ok=True)
    path.chmod(0o600)
    os.replace(path, target())


def _tables(database: sqlite3.Connection) -> list[str]:
    found = database.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
    )
    return [name for (name,) in found]


def _count(database: sqlite3.Connection, table: str) -> int:
    (count,) = database.execute(f'SELECT count(*) FROM "{table}"').fetchone()
    return int(count)
