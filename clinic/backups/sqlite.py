"""SQLite's own copy of a database in use, and its way back."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.db import connection

from clinic.backups.manifest import BadBackup
from clinic.running import home

COPY = "database.sqlite3"
# What lies beside a file in use, by the ends of their names.
LOGS = ("-journal", "-wal", "-shm")
IN_USE = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
# Of the shared memory: each process that has the file open holds a lock on it (DMS in SQLite's os_unix.c).
HELD_BYTE = 128


def target() -> Path:
    return Path(settings.DATABASES["default"]["NAME"])


def where() -> str:
    """Which database this is, in words."""
    return f"SQLite's {target()}"


def files() -> str:
    """What to copy where the database itself cannot."""
    return f"{target()}, with its -wal and -shm"


def is_there() -> bool:
    """Whether it has tables. Makes no file."""
    return target().exists() and bool(connection.introspection.table_names())


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
    """Whether nothing is where the database goes. Raises BadBackup where that cannot be known."""
    if not target().exists():
        return True
    try:
        with closing(sqlite3.connect(target())) as database:
            return not _tables(database)
    except sqlite3.DatabaseError as error:
        raise BadBackup(
            f"The database that is there cannot be read ({target()}: {error}). To put the backup in its place: "
            f"--replace. If it is damaged, it is kept beside."
        ) from None


def load(path: Path) -> Path | None:
    """Puts the copy in the database's place, whole or not at all.

    Returns where the file of before is kept, if that was damaged. Raises BadBackup where it is in use, or another
    user's.
    """
    connection.close()
    _refuse_another_users()
    is_whole = _take_in_the_log()
    with path.open("rb") as file:
        os.fsync(file.fileno())
    path.chmod(0o600)
    home.give(path, target() if target().exists() else target().parent)
    kept = None if is_whole else _set_aside()
    os.replace(path, target())
    return kept


def _refuse_another_users() -> None:
    if target().exists() and os.geteuid() not in (0, target().stat().st_uid):
        raise BadBackup(f"{target()} is another user's: run this as the one that Evenkeel runs as.")


def _take_in_the_log() -> bool:
    """What the old file's log holds goes into the old file, so that it is whole at every moment.

    False where that file is damaged, or gone without its log. Raises BadBackup where it is in use.
    SQLite does that only for the last one that has the file open: a file that is replaced under a process would go
    on being written by it.
    """
    if not target().exists():
        return not any(Path(f"{target()}{end}").exists() for end in LOGS)
    is_busy = is_whole = False
    try:
        with closing(sqlite3.connect(target(), timeout=0)) as database:
            is_whole = database.execute("PRAGMA quick_check(1)").fetchone() == ("ok",)
            if is_whole:
                database.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.DatabaseError as error:
        is_busy, is_whole = error.sqlite_errorcode & 0xFF in IN_USE, False
    if is_busy or (not is_whole and _is_held()):
        raise BadBackup("The database is in use: stop all processes of Evenkeel first.")
    return is_whole


def _is_held() -> bool:
    """Whether a process has the file open: of a damaged one SQLite itself does not say so."""
    try:
        with open(f"{target()}-shm", "r+b") as file:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, HELD_BYTE)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def _set_aside() -> Path:
    """Gives the old file another name, and its logs the names by which SQLite finds them there.

    A log that stayed would be taken for the new file's.
    """
    kept = target().with_name(f"{target().name}.damaged-{datetime.now(UTC):%Y-%m-%dT%H%M%SZ}")
    for end in (*LOGS, ""):
        with suppress(FileNotFoundError):
            os.rename(f"{target()}{end}", f"{kept}{end}")
    return kept


def _tables(database: sqlite3.Connection) -> list[str]:
    found = database.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
    )
    return [name for (name,) in found]


def _count(database: sqlite3.Connection, table: str) -> int:
    (count,) = database.execute(f'SELECT count(*) FROM "{table}"').fetchone()
    return int(count)
