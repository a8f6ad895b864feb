"""What the commands say and do where no other process is needed to show it."""

from __future__ import annotations

import os
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import Error, InterfaceError, OperationalError, connection

from clinic import audit
from clinic.backups import archive, leftovers
from clinic.backups.manifest import BadBackup
from clinic.models import Clinic
from realtime.models import Topic
from tests.clinic.audit.told import told
from tests.clinic.conftest import Clock

MODULES = {"sqlite": "sqlite", "postgresql": "postgres"}
LONG_AGO = time.time() - 2 * 24 * 3600


def fails(error: Error, *_words: object, **_more: object) -> None:
    raise error


def restored(version: int) -> int:
    """What a topic of this version has after a restore."""
    Topic.objects.update(version=version)
    archive.raise_versions()
    return Topic.objects.get().version


def test_versions_never_come_again(clock: Clock, harbor: Clinic) -> None:
    first = restored(1000)
    assert first == int(clock.at.timestamp() * 1000)
    clock.add(minutes=5)
    worked = first + 400
    assert (second := restored(1000)) > worked, "the same backup again"
    clock.add(minutes=1)
    assert (third := restored(first)) > second + 400, "one that was made after the first restore"
    clock.add(minutes=1)
    assert third < restored(first) < 2**53, "and this one again; a page holds it exactly"


def test_versions_go_up_where_the_clock_stands_before_them(clock: Clock, harbor: Clinic) -> None:
    first = restored(1000)
    clock.add(days=-400)
    assert restored(first) == first + archive.AHEAD


@pytest.mark.parametrize("error", [OperationalError("disk I/O error\nat 7"), InterfaceError("it is closed")])
def test_backup_of_a_database_that_fails_says_what_to_do(
    harbor: Clinic, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, error: Error
) -> None:
    monkeypatch.setattr(archive, "make", partial(fails, error))
    with pytest.raises(CommandError) as refused:
        call_command("backup", str(tmp_path / "x.backup"))
    said = str(refused.value)
    for words in (str(connection.settings_dict["NAME"]), f"{error}".splitlines()[0] + ".\n", "restore.md"):
        assert words in said
    assert told(audit.SYSTEM) == ["backup.make", "backup.fail"]


def test_audits_lock_is_waited_for_as_long_as_sqlite_does(
    harbor: Clinic, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    limits: list[str] = []
    monkeypatch.setattr(audit, "write", lambda *_words, **_more: limits.append(lock_limit()))
    monkeypatch.setattr(archive, "make", partial(fails, OperationalError()))
    with pytest.raises(CommandError):
        call_command("backup", str(tmp_path / "x.backup"))
    assert limits == ["20s", "20s"]


def lock_limit() -> str:
    """PostgreSQL's; SQLite's is in the settings."""
    if connection.vendor == "sqlite":
        return f"{connection.settings_dict['OPTIONS']['timeout']}s"
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        return str(cursor.fetchone()[0])


def test_restore_from_a_database_that_does_not_answer_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "put_back", partial(fails, OperationalError("connection refused")))
    with pytest.raises(CommandError, match="connection refused"):
        call_command("restore", "x.backup")


def left(place: Path, *names: str) -> None:
    for name in names:
        (place / name).mkdir()
        (place / name / "database.sqlite3").write_text("Canaryname")
        os.utime(place / name, (LONG_AGO, LONG_AGO))


def test_what_killed_runs_left_goes_with_the_next_one(tmp_path: Path) -> None:
    """Of ours alone: it may lie beside what people keep."""
    left(tmp_path, ".evenkeel-backup-old", ".evenkeel-restore-old", ".backup-20261130", "kept")
    (tmp_path / ".evenkeel-backup-now").mkdir()
    with pytest.raises(BadBackup), leftovers.working_in(tmp_path, "backup") as folder:
        assert folder.parent == tmp_path and folder.name.startswith(".evenkeel-backup-")
        raise BadBackup
    assert sorted(os.listdir(tmp_path)) == [".backup-20261130", ".evenkeel-backup-now", "kept"]


def test_backup_and_restore_clear_the_place_that_they_work_in(
    harbor: Clinic, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when they fail."""
    settings.HOME = tmp_path / "home"
    monkeypatch.setattr("clinic.backups.sqlite.target", lambda: tmp_path / "home" / "evenkeel.sqlite3")
    for name in ("home", "backups"):
        (tmp_path / name).mkdir()
        left(tmp_path / name, ".evenkeel-restore-old", ".evenkeel-backup-old")
    with pytest.raises(BadBackup, match="cannot be read"):
        archive.put_back(tmp_path / "nowhere", replace=True, say=print)
    monkeypatch.setattr(f"clinic.backups.{MODULES[connection.vendor]}.dump", partial(fails, OperationalError()))
    with pytest.raises(OperationalError):
        archive.make(tmp_path / "backups" / "x.backup", print)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["backups", "home"]
