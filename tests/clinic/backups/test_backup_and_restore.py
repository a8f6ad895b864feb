"""A backup that is put back elsewhere is the same clinic: on both databases, by the commands that people run."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import tarfile
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.clinic.place import BINARIES, Place, new_database

pytestmark = pytest.mark.django_db

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
ACTIONS = """
import json
from clinic.models import AuditEvent
found = {}
for chain, action in AuditEvent.objects.order_by("chain", "sequence").values_list("chain", "action"):
    found.setdefault(chain, []).append(action)
print(json.dumps(found))
"""
MOVE = """
from clinic.models import Clinic
from tests.factories import make_visit
make_visit(Clinic.objects.get())
"""
BACK_UP_AT_ONCE = """
from django.core.management import call_command
from django.db import connection
if connection.vendor == "sqlite":
    connection.cursor().execute("PRAGMA busy_timeout = 0")
call_command("backup", "{path}")
"""
FORGE = """
from django.db import connection
with connection.cursor() as cursor:
    if connection.vendor == "sqlite":
        cursor.execute("DROP TRIGGER audit_no_delete")
    else:
        cursor.execute("ALTER TABLE clinic_auditevent DISABLE TRIGGER USER")
    cursor.execute("DELETE FROM clinic_auditevent WHERE chain = 1 AND sequence = 2")
    cursor.execute("UPDATE clinic_auditchain SET hash = 'x' WHERE id = 1")
"""
TRY = """
import json
from django.core.management import CommandError, call_command
said = []
for path in {paths}:
    try:
        call_command("restore", path, "--replace")
    except CommandError as error:
        said.append(str(error))
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Place]]:
    """Where a clinic is, and an empty place: on the database of this run."""
    homes = [tmp_path_factory.mktemp(name) for name in ("here", "there")]
    server = os.environ.get("DATABASE_URL", "")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{BINARIES}{os.pathsep}{os.environ['PATH']}")
        yield [Place(home, new_database(server) if server else "") for home in homes]


@pytest.fixture
def elsewhere(places: list[Place], tmp_path: Path) -> Place:
    """One more empty place, of one test alone."""
    server, home = os.environ.get("DATABASE_URL", ""), tmp_path / "elsewhere"
    home.mkdir()
    return Place(home, new_database(server) if server else "")


@pytest.fixture(scope="module")
def backup(places: list[Place], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("kept") / "kept.backup"
    places[0].manage("migrate", "-v0")
    places[0].shell(FILL)
    done = places[0].manage("backup", str(path))
    assert re.fullmatch(rf"{path}: \d+ rows, \d+\.\d MB, in \d+\.\d s", done.stdout.strip())
    return path


def test_restored_elsewhere_it_is_the_same_clinic(places: list[Place], backup: Path) -> None:
    """And what is there by then is lost only when that is asked for."""
    here, there = places
    before, began = here.told(), time.time() * 1000
    done = there.manage("restore", str(backup))
    assert re.fullmatch(r"Restored as of \S+: \d+ rows, in \d+\.\d s\.", done.stdout.strip())
    assert "revoked" in done.stderr and re.search(r"^all of it took \d+\.\d s$", done.stderr, flags=re.M)
    first = there.told()
    assert first == {**before, "version": first["version"], "sessions": 0}
    assert before["sessions"] == 1, "everybody has to log in again"
    assert first["version"] >= int(began) > before["version"]
    assert backup.stat().st_mode & 0o777 == 0o600
    refused = there.manage("restore", str(backup), ok=False)
    assert "not empty" in refused.stderr and "--replace" in refused.stderr
    there.manage("restore", str(backup), "--replace")
    again = there.told()
    assert again["version"] > first["version"], "a second life is no earlier one"
    assert again == {**first, "version": again["version"]}


def spoil(place: Place) -> bytes:
    """Its database is none of ours any more; what is in its file, where it has one."""
    if place.database_url:
        with psycopg.connect(place.database_url) as database:
            database.execute("CREATE TABLE junk (x int)")
        return b""
    (place.home / "evenkeel.sqlite3").write_bytes(bytes(8192))
    return bytes(8192)


def test_what_is_damaged_is_replaced_and_kept(places: list[Place], elsewhere: Place, backup: Path) -> None:
    was = spoil(elsewhere)
    said = elsewhere.manage("restore", str(backup), "--replace").stderr
    assert elsewhere.told()["visits"] == places[0].told()["visits"]
    kept = list(elsewhere.home.glob("evenkeel.sqlite3.damaged-*"))
    assert [(path.read_bytes(), str(path) in said) for path in kept] == ([(was, True)] if was else [])


def chains(place: Place) -> dict[int, list[str]]:
    """What was done, by chain; all of it whole."""
    found = json.loads(place.manage("audit", "verify", "--json").stdout)
    assert found["whole"]
    return {int(chain): actions for chain, actions in json.loads(place.shell(ACTIONS)).items()}


def test_restored_audit_is_whole_and_tells_of_the_backup_and_the_restore(
    places: list[Place], elsewhere: Place, backup: Path
) -> None:
    elsewhere.manage("restore", str(backup))
    before, after = chains(places[0]), chains(elsewhere)
    assert after.pop(0) == ["backup.make", "backup.restore"] and before[0][0] == "backup.make"
    assert after == {chain: actions for chain, actions in before.items() if chain}
    elsewhere.shell(MOVE)
    assert len(chains(elsewhere)[1]) == len(before[1]) + 1, "it goes on"


def test_damaged_backup_changes_nothing(places: list[Place], backup: Path) -> None:
    here, before = places[0], places[0].told()
    cases = [(cut(backup), "cannot be read"), (altered(backup), "checksum"), (other(backup), "list")]
    cases.append((newer(backup), "newer version"))
    told = json.loads(here.shell(TRY.format(paths=[str(path) for path, _words in cases])))
    assert [words in said for said, (_path, words) in zip(told, cases, strict=True)] == [True] * len(cases), told
    assert "is there already" in here.manage("backup", str(backup), ok=False).stderr
    assert here.told() == before
    assert not [path for place in (backup.parent, here.home) for path in place.glob(".evenkeel-*")]


@contextmanager
def in_use(place: Place) -> Iterator[None]:
    """Somebody has read from the database, and keeps the connection."""
    if place.database_url:
        with psycopg.connect(place.database_url):
            yield
        return
    with closing(sqlite3.connect(place.home / "evenkeel.sqlite3")) as database:
        database.execute("SELECT count(*) FROM clinic_visit").fetchone()
        yield


@contextmanager
def not_writable(place: Place) -> Iterator[None]:
    """Somebody holds the write lock; on PostgreSQL it only reads, as with a full disk."""
    if place.database_url:
        name = psycopg.sql.Identifier(urlsplit(place.database_url).path[1:])
        rule = psycopg.sql.SQL("ALTER DATABASE {} {} default_transaction_read_only {}")
        with psycopg.connect(place.database_url, autocommit=True) as database:
            database.execute(rule.format(name, psycopg.sql.SQL("SET"), psycopg.sql.SQL("= on")))
            try:
                yield
            finally:
                database.execute(rule.format(name, psycopg.sql.SQL("RESET"), psycopg.sql.SQL("")))
        return
    with closing(sqlite3.connect(place.home / "evenkeel.sqlite3")) as database:
        database.execute("BEGIN IMMEDIATE")
        yield


def test_last_words_of_a_database_that_cannot_be_written(
    places: list[Place], backup: Path, tmp_path: Path
) -> None:
    """What cannot be told in the audit is said, and the copy is made all the same."""
    path = tmp_path / "last-words.backup"
    with not_writable(places[0]):
        done = places[0].manage("shell", "--no-imports", "-c", BACK_UP_AT_ONCE.format(path=path))
    assert "The audit cannot be written" in done.stderr
    rows = [json.loads((parts_of(one) / "manifest.json").read_text())["rows"] for one in (backup, path)]
    assert rows[0]["clinic_visit"] == rows[1]["clinic_visit"] > 0


def test_nothing_is_no_backup(elsewhere: Place, tmp_path: Path) -> None:
    said = elsewhere.manage("backup", str(tmp_path / "x.backup"), ok=False).stderr
    name = urlsplit(elsewhere.database_url).path[1:] or str(elsewhere.home / "evenkeel.sqlite3")
    assert name in said and "nothing to back up" in said and "EVENKEEL_HOME" in said and "DATABASE_URL" in said
    assert not list(tmp_path.glob("*.backup")) and not list(elsewhere.home.glob("evenkeel.sqlite3"))


def test_database_in_use_is_not_replaced(places: list[Place], backup: Path) -> None:
    here = places[0]
    before = here.told()
    with in_use(here):
        assert "in use" in here.manage("restore", str(backup), "--replace", ok=False).stderr
    assert here.told() == before


def test_restore_of_an_audit_that_somebody_was_at_says_so(elsewhere: Place, backup: Path, tmp_path: Path) -> None:
    elsewhere.manage("restore", str(backup))
    elsewhere.shell(FORGE)
    elsewhere.manage("backup", str(tmp_path / "forged.backup"))
    said = elsewhere.manage("restore", str(tmp_path / "forged.backup"), "--replace", ok=False).stderr
    assert "It is restored, but its audit is not whole. Chain 1: Row 2 is missing." in said
    assert "is not the chain's end" in said and "The database lets it be changed" in said


def test_backup_that_cannot_be_written_is_not_told_of_as_made(places: list[Place], backup: Path) -> None:
    here = places[0]
    before = here.shell(ACTIONS)
    for path in (str(backup), "/proc/nowhere/x.backup"):
        here.manage("backup", path, ok=False)
    assert here.shell(ACTIONS) == before


def newer(backup: Path) -> Path:
    """As a later version of Evenkeel would make it."""
    path = parts_of(backup) / "manifest.json"
    told = json.loads(path.read_text())
    path.write_text(json.dumps({**told, "migrations": [*told["migrations"], "clinic.9999_later"]}))
    return packed(path.parent, backup.with_name("newer"))


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
    folder = parts_of(backup)
    copy = next(folder.glob("database.*"))
    found = bytearray(copy.read_bytes())
    found[len(found) // 2] ^= 0xFF
    copy.write_bytes(found)
    return packed(folder, backup.with_name("altered"))


def parts_of(backup: Path) -> Path:
    folder = backup.with_name(uuid.uuid4().hex)
    with tarfile.open(backup) as archive:
        archive.extractall(folder, filter="data")
    return folder


def packed(folder: Path, path: Path) -> Path:
    with tarfile.open(path, "w") as archive:
        for file in folder.iterdir():
            archive.add(file, file.name)
    return path
