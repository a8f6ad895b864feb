"""The hub's look at the database: the versions of what it watches, the switch and the time, in one SQL query."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import close_old_connections, connection

from realtime.models import Switch, Topic

# SQLite has no clock of its own.
CLOCK = {"postgresql": "extract(epoch FROM statement_timestamp())::float8"}


@dataclass(frozen=True)
class Seen:
    """`versions`: of the topics asked for that exist. `switch`: the row, None if it is not there.

    `ahead`: seconds from this machine's clock to the database's; 0 where that has none.
    """

    versions: dict[str, int]
    switch: Switch | None
    ahead: float = 0.0


class Answers:
    """When a look last got one, by this machine's clock; None before the first. One writer, read by many."""

    last: datetime | None = None


answers = Answers()


def at(names: Sequence[str]) -> Seen:
    """One look. Raises django.db.DatabaseError when the database does not answer."""
    close_old_connections()
    # Now, so that the time that this takes is not held for a difference of clocks.
    connection.ensure_connection()
    asked, clock = time.time(), CLOCK.get(connection.vendor, "NULL")
    wanted = f"IN ({', '.join(['%s'] * len(names))})" if names else "IS NULL"
    rows: list[Any] = list(
        Switch.objects.raw(
            f"SELECT s.*, t.name AS topic_name, t.version AS topic_version, {clock} AS clock "
            f"FROM {Switch._meta.db_table} s LEFT JOIN {Topic._meta.db_table} t ON t.name {wanted} WHERE s.id = 1",
            list(names),
        )
    )
    answers.last = datetime.now(UTC)
    versions = {row.topic_name: row.topic_version for row in rows if row.topic_name is not None}
    ahead = rows[0].clock - asked if rows and rows[0].clock is not None else 0.0
    return Seen(versions, rows[0] if rows else None, ahead)


def names() -> frozenset[str]:
    """Of all topics, by one SQL read."""
    close_old_connections()
    return frozenset(Topic.objects.values_list("name", flat=True))


def version_of(name: str) -> int | None:
    """A topic's version by one SQL read; None for an unknown one."""
    close_old_connections()
    return Topic.objects.filter(name=name).values_list("version", flat=True).first()
