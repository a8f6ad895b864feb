"""The tables of docs/access.md. Written anew by `write`, in `manage.py shell`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from django.conf import settings

from tests.clinic.access.admin_table import ADMIN_RULES
from tests.clinic.access.table import RULES, Row, Rule
from tests.clinic.access.world import ACTORS

TABLE: dict[str, Rule] = {**RULES, **ADMIN_RULES}
DOCUMENT = Path(settings.BASE) / "docs" / "access.md"
BEGIN = "## Reading (GET)"
HOW = "Write it anew: manage.py shell -c 'from tests.clinic.access import document; document.write()'"


def write() -> None:
    head, _begin, _old = DOCUMENT.read_text().partition(BEGIN)
    DOCUMENT.write_text(head + tables())


def is_as_it_should_be() -> bool:
    return DOCUMENT.read_text().endswith(f"\n{tables()}")


def tables() -> str:
    """One for reading and one for writing."""
    reading = {route: rule.get for route, rule in TABLE.items() if not _is(rule.get, "405")}
    writing = {route: rule.post for route, rule in TABLE.items() if not _is(rule.post, "405")}
    return f"{BEGIN}\n\n{_table(reading)}\n## Writing (POST)\n\n{_table(writing)}"


def _is(row: Row, word: str) -> bool:
    return set(row.values()) == {word}


def _table(rows: Mapping[str, Row]) -> str:
    lines = [("address", *ACTORS), ("---",) * (len(ACTORS) + 1)]
    lines += [(f"`/{route.replace('|', '/')}`", *(row[actor] for actor in ACTORS)) for route, row in rows.items()]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
