"""A real Valkey for tests, and the code under test pointed at it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from redis.connection import parse_url

from clinic.running import valkey
from clinic.running.home import free_port
from realtime import redis_link
from tests.waiting import until

REFUSALS = ("MISCONF", "OOM", "READONLY")


class OwnValkey:
    """A Valkey of the tests, at one address over all its lives."""

    def __init__(self, home: Path) -> None:
        self.program, self.url = valkey.program(home), valkey.url(home)

    def start(self) -> None:
        """Returns once it answers."""
        self.process = subprocess.Popen(list(self.program.argv), stdout=subprocess.DEVNULL)
        while not valkey.answers(self.url):
            assert self.process.poll() is None, "Valkey ended at its start"

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def connect(settings: Any, url: str) -> None:
    """Points the code under test at the Redis of this address, for as long as these settings last."""
    layer = settings.CHANNEL_LAYERS["default"]
    hosts = [{**layer["CONFIG"]["hosts"][0], "address": url}]
    settings.CHANNEL_LAYERS = {"default": {**layer, "CONFIG": {**layer["CONFIG"], "hosts": hosts}}}
    settings.REDIS_KWARGS = {**settings.REDIS_KWARGS, **parse_url(url)}  # type: ignore[no-untyped-call]
    where = {name.upper(): settings.REDIS_KWARGS[name] for name in ("host", "port", "password")}
    settings.RQ_QUEUES = {name: {**queue, **where} for name, queue in settings.RQ_QUEUES.items()}
    redis_link.client.cache_clear()


@contextmanager
def refusing(client: Any, why: str) -> Iterator[None]:
    """Redis answers and takes no writes, by one of REFUSALS, as long as the block runs."""
    begin, end = {"MISCONF": (_cannot_save, _can_save), "OOM": (_full, _roomy), "READONLY": (_follow, _lead)}[why]
    begin(client)
    try:
        yield
    finally:
        end(client)


def _saved_at(client: Any) -> Path:
    return Path(*(client.config_get(name)[name] for name in ("dir", "dbfilename")))


def _cannot_save(client: Any) -> None:
    _saved_at(client).mkdir()
    client.config_set("save", "3600 1")
    client.bgsave()
    until(lambda: client.info("persistence")["rdb_last_bgsave_status"] == "err")


def _can_save(client: Any) -> None:
    client.config_set("save", "")
    _saved_at(client).rmdir()


def _full(client: Any) -> None:
    client.config_set("maxmemory", 1)


def _roomy(client: Any) -> None:
    client.config_set("maxmemory", 0)


def _follow(client: Any) -> None:
    client.replicaof("127.0.0.1", free_port())


def _lead(client: Any) -> None:
    client.replicaof("NO", "ONE")
