"""The database's own refusals to change the audit: whether they are there, and how they come back.

Django drops them without a word when it remakes the table on SQLite, and so may whoever copies tables by hand.
"""

from __future__ import annotations

from importlib import import_module

from django.db import connection, transaction

from clinic.models import AuditEvent

FIRST = import_module("clinic.migrations.0013_audit_is_only_added_to")
THEN = import_module("clinic.migrations.0015_audit_follows_a_row")
# By database: what these made, and how to ask for what is in force.
WANTED = {
    "sqlite": (
        ("audit_no_update", "audit_no_delete", "audit_no_replace", "audit_no_gap"),
        "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s",
    ),
    "postgresql": (
        ("audit_no_change", "audit_no_truncate", "audit_no_gap"),
        # Neither those that are off, nor those that only a replica heeds.
        "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND tgenabled IN ('O', 'A')",
    ),
}


def gone() -> list[str]:
    """The names of those that are not there, or not in force."""
    names, sql = WANTED[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(sql, [AuditEvent._meta.db_table])
        found = {name for (name,) in cursor.fetchall()}
    return sorted(set(names) - found)


def put_back() -> None:
    """All of them anew. No row is changed."""
    vendor = connection.vendor
    with transaction.atomic(), connection.cursor() as cursor:
        for kind in ("TRIGGER", "FUNCTION"):
            for statement in (one for one in FIRST.UNDO[vendor] if one.startswith(f"DROP {kind}")):
                cursor.execute(statement.replace(kind, f"{kind} IF EXISTS", 1))
        for statement in (*FIRST.DO[vendor], *THEN.statements(vendor, THEN.REFUSED)):
            cursor.execute(statement)
