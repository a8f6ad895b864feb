"""PostgreSQL's own log, set up as docs/deploy/several.md says: what fails is in it, and no patient."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests import canaries
from tests.deploy.cluster import Cluster
from tests.own_postgres import own_postgres, set_up
from tests.waiting import until

# What each leaves in the log is told by its word; the patient comes in as Django gives values to PostgreSQL.
FAILS = {
    "violates check constraint": "INSERT INTO line VALUES (%s, 0)",
    "duplicate key value": "INSERT INTO line VALUES (%s, 1), (%s, 1)",
    "statement timeout": "SELECT pg_sleep(60), %s",
    "terminating connection": "SELECT pg_terminate_backend(pg_backend_pid()), %s",
}
PATIENT = "Millercanary"
# A row that is refused, one that is there already, and what takes too long, by the product's own connection.
REFUSED = """
from django.db import Error, connection, transaction
from clinic import database_logs, statement_limit
from tests.factories import make_visit
assert database_logs.check(databases=["default"]) == []
statement_limit.SECONDS = 0.2
told = []
def refuse(act):
    try:
        with transaction.atomic():
            act()
    except Error as error:
        told.append(type(error).__name__)
slow = "SELECT pg_sleep(60) FROM clinic_visit WHERE family_name = %s"
with transaction.atomic():
    visit = make_visit(Clinic.objects.get(slug="harbor"))
    statement_limit.put(connection)
    refuse(lambda: Visit.objects.filter(pk=visit.pk).update(state="asleep"))
    refuse(lambda: Visit.objects.bulk_create([Visit.objects.get(pk=visit.pk)]))
    refuse(lambda: connection.cursor().execute(slow, ["Miller"]))
    transaction.set_rollback(True)
assert told == ["IntegrityError", "IntegrityError", "OperationalError"], told
"""


@pytest.fixture
def server() -> Iterator[Any]:
    with own_postgres(is_quiet=False) as server:
        yield server


def fail(url: str) -> None:
    """In each way of FAILS, by a connection of its own."""
    for statement in FAILS.values():
        with pytest.raises(psycopg.Error), connected(url) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS line (name text UNIQUE, place int CHECK (place > 0))")
            connection.execute("SET statement_timeout = '200ms'")
            connection.execute(statement.encode(), [PATIENT] * statement.count("%s"))


def connected(url: str) -> psycopg.Connection[Any]:
    connection: psycopg.Connection[Any] = psycopg.connect(url, autocommit=True)
    connection.cursor_factory = psycopg.ClientCursor
    return connection


def killed(server: Any, url: str) -> None:
    """A process of PostgreSQL's that has a statement in its hands. All begin anew then; returns once they have."""
    doomed = psycopg.connect(url, autocommit=True)
    doomed.pgconn.send_query(f"SELECT pg_sleep(60), '{PATIENT}'".encode())
    pid = doomed.info.backend_pid
    with connected(server.get_uri()) as connection:
        asked = f"SELECT 1 FROM pg_stat_activity WHERE pid = {pid} AND state = 'active'"
        until(lambda: connection.execute(asked.encode()).fetchone())
    os.kill(pid, signal.SIGKILL)
    until(lambda: "terminated by signal 9" in server.log.read_text())
    doomed.close()
    died = server.log.read_text().rfind("terminated by signal 9")
    until(lambda: "ready to accept connections" in server.log.read_text()[died:], 30)


def test_log_says_what_failed_and_not_on_whom(server: Any) -> None:
    fail(server.get_uri())
    loud = server.log.read_text()
    assert loud.count(PATIENT) > len(FAILS), "as PostgreSQL comes it tells of them: else nothing is shown here"
    url = set_up(server)
    fail(url)
    killed(server, url)
    quiet = server.log.read_text()[len(loud) :]
    assert [what for what in FAILS if what not in quiet] == []
    canaries.must_be_absent(postgresql=quiet)


def test_what_the_product_is_refused_is_in_no_log(cluster: Cluster) -> None:
    before = len(cluster.database_log.read_text())
    cluster.shell.run(REFUSED)
    said = cluster.database_log.read_text()[before:]
    for what in ("violates check constraint", "duplicate key value", "statement timeout"):
        assert what in said
    canaries.must_be_absent(postgresql=said)
