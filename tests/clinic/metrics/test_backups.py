"""How old the last backup is that was whole."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from clinic import audit
from clinic.backups import archive
from clinic.backups.manifest import BadBackup, Manifest
from tests.clinic.conftest import Clock
from tests.clinic.scrape import figures

pytestmark = pytest.mark.django_db
AGE = ("evenkeel_backup_age_seconds",)


def back_up(folder: Path, patch: pytest.MonkeyPatch, ends: BaseException | None = None) -> None:
    """The command, with a copy that takes no time, or ends so."""

    def make(target: Path, _say: Any) -> Manifest:
        if ends:
            raise ends
        target.touch()
        return Manifest("", "sqlite", [], {}, "")

    patch.setattr(archive, "make", make)
    call_command("backup", str(folder / f"{len(list(folder.iterdir()))}.backup"))


def test_before_the_first_there_is_no_figure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert AGE not in figures()
    with pytest.raises(CommandError):
        back_up(tmp_path, monkeypatch, BadBackup("pg_dump is missing"))
    assert AGE not in figures()


def test_only_one_that_is_whole_counts(clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    back_up(tmp_path, monkeypatch)
    clock.add(hours=24)
    assert figures()[AGE] == 24 * 3600
    with pytest.raises(CommandError):
        back_up(tmp_path, monkeypatch, BadBackup("no room"))
    with pytest.raises(KeyboardInterrupt):
        back_up(tmp_path, monkeypatch, KeyboardInterrupt())
    clock.add(hours=14)
    assert figures()[AGE] == 38 * 3600
    back_up(tmp_path, monkeypatch)
    clock.add(seconds=15)
    assert figures()[AGE] == 15


def test_what_was_restored_is_as_old_as_its_backup(clock: Clock) -> None:
    """The copy itself does not say that it is whole."""
    last_night = clock.now() - timedelta(hours=11)
    detail = {"as_of": last_night.isoformat(timespec="seconds")}
    audit.write(audit.SYSTEM, "backup.restore", by=audit.EVENKEEL, of=("backup", "last.backup"), detail=detail)
    assert figures()[AGE] == pytest.approx(11 * 3600, abs=1)
