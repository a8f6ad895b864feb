from __future__ import annotations

import os
import socket
import stat
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from clinic.running import home
from tests.clinic.running.processes import Rig

HOLD = """
import sys
from pathlib import Path
from clinic.running import home
with home.lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_home_is_made_for_its_owner_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENKEEL_HOME", str(tmp_path / "a clinic" / "home"))
    assert home.home() == tmp_path / "a clinic" / "home"
    assert mode(home.home()) == 0o700


def test_home_not_set_is_var_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EVENKEEL_HOME", raising=False)
    monkeypatch.chdir(tmp_path)
    assert home.home() == tmp_path / "var"


def test_run_is_read_as_written_and_then_gone(tmp_path: Path) -> None:
    assert home.read_run(tmp_path) is None
    home.write_run(tmp_path, {"web": [1]})
    home.write_run(tmp_path, {"web": [2]})
    assert home.read_run(tmp_path) == {"pid": os.getpid(), "web": [2]}
    assert mode(tmp_path / "run.json") == 0o600
    assert os.listdir(tmp_path) == ["run.json"]
    home.remove_run(tmp_path)
    home.remove_run(tmp_path)
    assert home.read_run(tmp_path) is None


def test_run_of_an_owner_that_was_killed_does_not_count(tmp_path: Path) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    home.write_run(tmp_path, {"pid": gone.pid})
    assert home.read_run(tmp_path) is None
    (tmp_path / "run.json").write_text("{")
    assert home.read_run(tmp_path) is None


def test_secret_key_made_by_many_at_once_is_one(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(home.secret_key, [tmp_path] * 32))
    assert len(keys) == 1
    assert len(keys.pop()) >= 50
    assert mode(tmp_path / "secret-key") == 0o600
    assert os.listdir(tmp_path) == ["secret-key"]


def test_what_root_makes_is_the_folders_owners(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the service could not read the key that a command of root made for it."""
    given: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "chown", lambda _path, user, group, **_more: given.append((user, group)))
    for user in (1000, 0):
        monkeypatch.setattr(os, "geteuid", lambda user=user: user)
        home.secret_key(tmp_path)
        (tmp_path / "secret-key").unlink()
    assert given == [(tmp_path.stat().st_uid, tmp_path.stat().st_gid)]


def test_port_taken_while_something_listens() -> None:
    port = home.free_port()
    assert not home.port_taken("127.0.0.1", port)
    with socket.create_server(("127.0.0.1", port)):
        assert home.port_taken("127.0.0.1", port)
        assert home.port_taken("localhost", port)
    assert not home.port_taken("127.0.0.1", port)


def test_port_of_another_machine_is_no_port_of_ours() -> None:
    with pytest.raises(OSError, match="assign"):
        home.port_taken("192.0.2.1", 8000)


def test_lock_held_by_another_process_is_refused_with_its_pid(rig: Rig, tmp_path: Path) -> None:
    owner = rig.python(HOLD, str(tmp_path), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert owner.stdout and owner.stdout.readline() == b"held\n"
    with pytest.raises(home.HomeInUse, match=f"as process {owner.pid}. Stop that one"), home.lock(tmp_path):
        pass
    owner.kill()
    owner.wait()
    with home.lock(tmp_path):
        assert (tmp_path / "lock").read_text() == str(os.getpid())
