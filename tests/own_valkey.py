"""A real Valkey for tests, and the code under test pointed at it."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from redis.connection import parse_url

from clinic.running import valkey
from realtime import redis_link


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
