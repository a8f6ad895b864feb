"""SQLite's file is replaced whole, also a damaged one, and stays its owner's."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from clinic.backups import sqlite
from clinic.backups.manifest import BadBackup

HOLD = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1])
database.execute("SELECT count(*) FROM t").fetchone()
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "home" / "evenkeel.sqlite3"
    path.parent.mkdir()
    monkeypatch.setattr(sqlite, "target", lambda: path)
    return path


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    path = tmp_path / "database.sqlite3"
    fill(path, 7)
    return path


def fill(path: Path, number: int) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("CREATE TABLE t (x)")
        database.execute("INSERT INTO t VALUES (?)", [number])
        database.commit()


def number_in(path: Path) -> int:
    with closing(sqlite3.connect(path)) as database:
        return int(database.execute("SELECT x FROM t").fetchone()[0])


def zero(path: Path, page: int = 0) -> None:
    """One of its pages, as a bad disk leaves it: the first has the header, the next the rows of the table."""
    with path.open("r+b") as file:
        file.seek(page * 4096)
        file.write(bytes(4096))


def names(target: Path) -> list[str]:
    return sorted(path.name for path in target.parent.iterdir())


def test_whole_file_is_replaced_and_not_kept(target: Path, copy: Path) -> None:
    fill(target, 1)
    assert sqlite.load(copy) is None
    assert number_in(target) == 7 and names(target) == ["evenkeel.sqlite3"]


def test_damaged_file_is_set_aside_with_its_logs(target: Path, copy: Path) -> None:
    fill(target, 1)
    zero(target)
    was = {"": target.read_bytes(), "-wal": b"", "-shm": b"old"}
    for end in ("-wal", "-shm"):
        Path(f"{target}{end}").write_bytes(was[end])
    kept = sqlite.load(copy)
    assert kept and kept.name.startswith("evenkeel.sqlite3.damaged-")
    assert {end: Path(f"{kept}{end}").read_bytes() for end in was} == was
    assert number_in(target) == 7
    assert not [name for name in names(target) if name in ("evenkeel.sqlite3-wal", "evenkeel.sqlite3-shm")]


def test_file_that_is_damaged_deep_inside_is_kept_too(target: Path, copy: Path) -> None:
    """It opens, and says its tables."""
    fill(target, 1)
    zero(target, page=1)
    was = target.read_bytes()
    assert not sqlite.is_empty()
    kept = sqlite.load(copy)
    assert kept and kept.read_bytes() == was and number_in(target) == 7


def test_log_without_its_file_is_not_taken_for_the_new_ones(target: Path, copy: Path) -> None:
    """As when the disk lost the one and kept the other."""
    with closing(sqlite3.connect(target)) as database:
        fill(target, 1)
        database.execute("INSERT INTO t VALUES (2)")
        database.commit()
        log = Path(f"{target}-wal").read_bytes()
    target.unlink()
    Path(f"{target}-wal").write_bytes(log)
    assert log and sqlite.load(copy)
    assert number_in(target) == 7


@pytest.mark.parametrize("page", [0, 1])
def test_damaged_file_that_a_process_still_has_open_stays(target: Path, copy: Path, page: int) -> None:
    fill(target, 1)
    command = [sys.executable, "-c", HOLD, str(target)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout and holder.stdout.readline() == b"held\n"
        zero(target, page)
        with pytest.raises(BadBackup, match="in use"):
            sqlite.load(copy)
        holder.communicate()
    assert names(target)[0] == "evenkeel.sqlite3" and copy.exists()


def test_what_cannot_be_read_is_said_of_the_database_and_not_of_the_backup(target: Path) -> None:
    assert sqlite.is_empty()
    target.write_bytes(b"")
    assert sqlite.is_empty()
    target.unlink()
    fill(target, 1)
    assert not sqlite.is_empty()
    zero(target)
    with pytest.raises(BadBackup, match=f"{target}: file is not a database.*--replace") as refused:
        sqlite.is_empty()
    assert "copy" not in str(refused.value)


@pytest.mark.parametrize("is_there", [True, False])
def test_root_gives_the_new_file_to_the_owner_of_the_old_one_or_of_the_folder(
    target: Path, copy: Path, monkeypatch: pytest.MonkeyPatch, is_there: bool
) -> None:
    """Else the service could not open what root restored."""
    given: list[tuple[Path, int, int]] = []
    monkeypatch.setattr(os, "chown", lambda path, user, group, **_more: given.append((path, user, group)))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    if is_there:
        fill(target, 1)
    owner = (target if is_there else target.parent).stat()
    sqlite.load(copy)
    assert given == [(copy, owner.st_uid, owner.st_gid)]


def test_another_users_file_is_not_replaced_but_by_root(
    target: Path, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(target, 1)
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(BadBackup, match="another user's"):
        sqlite.load(copy)
    assert number_in(target) == 1
