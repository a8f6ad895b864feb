from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from clinic import statement_limit
from tests.stack import ROOT

ASKS = """
from django.db.backends.signals import connection_created
from clinic import statement_limit
print(statement_limit.put in [found() for _key, found, *_rest in connection_created.receivers])
"""


@pytest.mark.django_db
def test_statement_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statement_limit, "SECONDS", 1)
    with CaptureQueriesContext(connection) as asked:
        statement_limit.put(connection=connection)
    if connection.vendor == "sqlite":
        assert len(asked) == 0
        return
    with pytest.raises(OperationalError, match="statement timeout"), transaction.atomic():
        connection.cursor().execute("SELECT pg_sleep(30)")


@pytest.mark.parametrize(
    ("begins", "is_limited"), [("import clinic.asgi", "True"), ("import django; django.setup()", "False")]
)
def test_web_processes_are_limited_and_commands_are_not(begins: str, is_limited: str) -> None:
    code = f"{begins}\n{ASKS}"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "clinic.settings"},
    )  # fmt: skip
    assert done.stdout.strip() == is_limited, done.stderr
