"""The hub's look at the database: the versions of what it watches, and the switch, in one SQL query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import close_old_connections

from realtime.models import Switch, Topic


@dataclass(frozen=True)
class Seen:
    """`versions`: of the topics asked for that exist. `switch`: the row, None if it is not there."""

    versions: dict[str, int]
    switch: Switch | None


def at(names: Sequence[str]) -> Seen:
    """One look. Raises django.db.DatabaseError when the database does not answer."""
    close_old_connections()
    wanted = f"IN ({', '.join(['%s'] * len(names))})" if names else "IS NULL"
    rows: list[Any] = list(
        Switch.objects.raw(
            f"SELECT s.*, t.name AS topic_name, t.version AS topic_version FROM {Switch._meta.db_table} s "
            f"LEFT JOIN {Topic._meta.db_table} t ON t.name {wanted} WHERE s.id = 1",
            list(names),
        )
    )
    versions = {row.topic_name: row.topic_version for row in rows if row.topic_name is not None}
    return Seen(versions, rows[0] if rows else None)


def version_of(name: str) -> int | None:
    """A topic's version by one SQL read; None for an unknown one."""
    close_old_connections()
    return Topic.objects.filter(name=name).values_list("version", flat=True).first()
