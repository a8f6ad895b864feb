from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from clinic.running import valkey
from clinic.running.supervisor import Supervisor
from tests.clinic.running.processes import Rig, alive
from tests.waiting import until

OWN = """
import sys
from pathlib import Path
from clinic.running import valkey
from clinic.running.supervisor import Supervisor
home = Path(sys.argv[1])
with Supervisor(log_dir=home / "log") as supervisor:
    supervisor.add(valkey.program(home))
    print("ready", flush=True)
    supervisor.run()
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / 'a "clinic" home'
    home.mkdir()
    return home


@pytest.fixture
def client(home: Path) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(valkey.url(home), socket_timeout=1) as client:
        yield client


def pid_of(client: redis.Redis) -> int:
    info: Any = client.info("server")
    return int(info["process_id"])


def own(rig: Rig, home: Path) -> subprocess.Popen[bytes]:
    process = rig.python(OWN, str(home), stdout=subprocess.PIPE)
    assert process.stdout and process.stdout.readline() == b"ready\n"
    return process


def test_address_is_none_until_made_then_kept(home: Path) -> None:
    assert valkey.address(home) is None
    made = valkey.url(home)
    assert valkey.address(home) == made == valkey.url(home)
    assert stat.S_IMODE((home / "valkey.json").stat().st_mode) == 0o600


def test_server_wants_the_password_and_keeps_everything(home: Path, client: redis.Redis) -> None:
    with Supervisor(log_dir=home / "log") as supervisor:
        supervisor.add(valkey.program(home))
        kept: Any = client.config_get("*")
        assert (kept["appendonly"], kept["maxmemory-policy"], kept["save"]) == ("yes", "noeviction", "")
        assert (kept["bind"], kept["dir"]) == ("127.0.0.1", str(home / "valkey"))
        port = client.connection_pool.connection_kwargs["port"]
        assert not valkey.answers(f"redis://127.0.0.1:{port}/0")
    assert stat.S_IMODE((home / "valkey.conf").stat().st_mode) == 0o600
    assert not valkey.answers(valkey.url(home))


def test_killed_server_is_back_with_its_data(rig: Rig, home: Path, client: redis.Redis) -> None:
    own(rig, home)
    client.set("delivery", "owed")
    first = pid_of(client)
    os.kill(first, signal.SIGKILL)
    until(lambda: valkey.answers(valkey.url(home)), seconds=3)
    assert client.get("delivery") == b"owed"
    assert pid_of(client) != first


def test_killed_owner_takes_the_server_along(rig: Rig, home: Path, client: redis.Redis) -> None:
    owner = own(rig, home)
    pid = pid_of(client)
    owner.kill()
    until(lambda: not alive(pid), seconds=3)


def test_server_left_behind_by_an_earlier_owner_is_ended(home: Path) -> None:
    with Supervisor(log_dir=home / "log") as supervisor:
        supervisor.add(valkey.program(home))
        assert valkey.program(home).name == "valkey"
        assert not valkey.answers(valkey.url(home))


def test_port_of_another_program_is_named(home: Path) -> None:
    port = int(valkey.url(home).rpartition(":")[2].partition("/")[0])
    sentence = f"Port {port} of 127.0.0.1.*delete .*valkey.json"
    with socket.create_server(("127.0.0.1", port)), pytest.raises(valkey.PortTaken, match=sentence):
        valkey.program(home)


def test_answers_says_no_soon_when_nothing_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        started = time.monotonic()
        assert not valkey.answers(f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        assert time.monotonic() - started < 2
