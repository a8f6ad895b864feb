"""What PostgreSQL would write into its own log of a statement that fails, is slow or is ended: patients' data.

It names the row that it refuses (DETAIL) and the statement with all that is in it (STATEMENT). Only its superuser
may tell it otherwise: docs/deploy/several.md has the words, and `migrate` and `check --database default` look.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Warning
from django.db import connections

# Each with the values under which no statement and no row is written. A module that is not loaded has none.
QUIET = {
    "log_min_error_statement": ("panic",),
    "log_error_verbosity": ("terse",),
    "log_statement": ("none", "ddl"),
    "log_min_duration_statement": ("-1",),
    "log_min_duration_sample": ("-1",),
    "log_transaction_sample_rate": ("0",),
    "auto_explain.log_min_duration": ("-1",),
}
HINT = 'As its superuser, do what docs/deploy/several.md says under "PostgreSQL", and connect anew.'


def check(*, databases: Sequence[str] | None = None, **_context: Any) -> list[CheckMessage]:
    """A system check: warns of settings that would write patients' data."""
    return [message for alias in databases or () for message in _of(connections[alias])]


def _of(connection: Any) -> list[CheckMessage]:
    if connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, setting FROM pg_settings WHERE name = ANY(%s)", [list(QUIET)])
        loud = [f"{name} = {value}" for name, value in sorted(cursor.fetchall()) if value not in QUIET[name]]
    if not loud:
        return []
    said = f"PostgreSQL writes patients' data into its own log: {', '.join(loud)}."
    return [Warning(said, hint=HINT, id="clinic.W001")]
