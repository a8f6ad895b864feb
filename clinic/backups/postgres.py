"""PostgreSQL's own tools, pg_dump and pg_restore."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from django.db import connection, transaction

from clinic.backups.manifest import BadBackup

COPY = "database.dump"
# What libpq reads, and Django's names for it.
VARIABLES = {
    "PGHOST": "host",
    "PGPORT": "port",
    "PGUSER": "user",
    "PGPASSWORD": "password",
    "PGDATABASE": "dbname",
    "PGSSLMODE": "sslmode",
    "PGSSLROOTCERT": "sslrootcert",
}
LOCK_SECONDS = 20
# Where the old tables are until the new ones are whole.
ASIDE = "before_restore"
BACK = ("DROP SCHEMA public CASCADE", f"ALTER SCHEMA {ASIDE} RENAME TO public")


def where() -> str:
    """Which database this is, in words and without its password."""
    found = connection.settings_dict
    return f"PostgreSQL's {found['NAME']} at {found['HOST'] or 'the local socket'}"


def files() -> str:
    """What to copy where the database itself cannot."""
    return "PostgreSQL's data directory, with PostgreSQL stopped too"


def is_there() -> bool:
    """Whether it has tables."""
    return not is_empty()


def dump(folder: Path) -> tuple[Path, dict[str, int]]:
    """The copy, and how many rows its tables have, both as of one moment."""
    path = folder / COPY
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute("SELECT pg_export_snapshot()")
            (snapshot,) = cursor.fetchone()
        _run("pg_dump", "--format=custom", "--no-owner", f"--snapshot={snapshot}", f"--file={path}")
        return path, rows()


def rows() -> dict[str, int]:
    """How many rows each table of the database has now."""
    with connection.cursor() as cursor:
        names = sorted(connection.introspection.table_names(cursor))
        return {name: _count(cursor, name) for name in names}


def is_empty() -> bool:
    return not connection.introspection.table_names()


def wait_briefly_for_locks() -> None:
    """Until this transaction ends: as long as SQLite does."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{LOCK_SECONDS}s"])


def refuse_while_in_use() -> None:
    """Raises BadBackup where anybody else is connected."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        (others,) = cursor.fetchone()
    if others:
        raise BadBackup(f"The database is in use by {others} more: stop all processes of Evenkeel first.")


def load(path: Path) -> None:
    """Puts the copy in the place of all that is there, whole or not at all. Raises BadBackup."""
    refuse_while_in_use()
    mend()
    _do(f"ALTER SCHEMA public RENAME TO {ASIDE}", "CREATE SCHEMA public")
    connection.close()
    try:
        where = f"--dbname={connection.get_connection_params()['dbname']}"
        _run("pg_restore", "--single-transaction", "--exit-on-error", "--no-owner", where, str(path))
    except BaseException:
        _do(*BACK)
        raise
    _do(f"DROP SCHEMA {ASIDE} CASCADE")


def mend() -> None:
    """After a restore that was killed half-way, the old tables are in their place again. Raises BadBackup."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_namespace WHERE nspname = %s", [ASIDE])
        (left,) = cursor.fetchone()
    if not left:
        return
    if rows():
        raise BadBackup(
            f"An earlier restore was cut short: the old tables are in the schema {ASIDE}. Keep or drop it."
        )
    _do(*BACK)


def _do(*statements: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _count(cursor: object, table: str) -> int:
    cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(table)}")  # type: ignore[attr-defined]
    (count,) = cursor.fetchone()  # type: ignore[attr-defined]
    return int(count)


def _run(name: str, *words: str) -> None:
    program = shutil.which(name)
    if program is None:
        raise BadBackup(
            f"{name} is not on this machine. Install PostgreSQL's client programs (postgresql-client)."
        )
    done = subprocess.run([program, *words], env={**os.environ, **_where()}, capture_output=True, text=True)
    if done.returncode:
        raise BadBackup(f"{name} failed: {(done.stderr.strip().splitlines() or ['no reason given'])[-1]}")


def _where() -> dict[str, str]:
    """Where the database is, for the environment: a command line can be read by all users of a machine."""
    found = connection.get_connection_params()
    return {variable: str(found[name]) for variable, name in VARIABLES.items() if found.get(name)}
