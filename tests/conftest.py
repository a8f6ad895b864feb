"""What all tests share."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def plain_settings(settings: Any) -> None:
    """Static files by their own names, and a hash of passwords that costs nothing."""
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def fresh_process() -> Iterator[None]:
    """Nothing that one test left in this process's memory reaches the next."""
    from django.core.cache import cache

    from realtime import bell, job_queues, redis_link, switch

    yield
    cache.clear()
    bell.connect(None)
    redis_link.client.cache_clear()
    job_queues.get.cache_clear()
    redis_link.thread.stop()
    redis_link.thread = redis_link.RedisThread()
    switch._last_known = None


@pytest.fixture(scope="session")
def valkey_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Valkey of this test process."""
    from clinic.running import valkey

    home = tmp_path_factory.mktemp("valkey")
    program = valkey.program(home)
    process = subprocess.Popen(list(program.argv), stdout=subprocess.DEVNULL)
    try:
        while not valkey.answers(valkey.url(home)):
            assert process.poll() is None, "Valkey ended at its start"
        yield valkey.url(home)
    finally:
        process.terminate()
        process.wait()


@pytest.fixture
def live_redis(valkey_url: str, settings: Any) -> Iterator[Any]:
    """Redis is there, and empty: what the code under test connects to. Gives a client."""
    import redis
    from redis.connection import parse_url

    from realtime import redis_link

    settings.REDIS_KWARGS = {**settings.REDIS_KWARGS, **parse_url(valkey_url)}
    settings.CHANNEL_LAYERS = _layer_at(settings.CHANNEL_LAYERS, valkey_url)
    redis_link.client.cache_clear()
    client: redis.Redis = redis_link.client()
    client.flushall()
    yield client
    client.close()


def _layer_at(layers: dict[str, Any], url: str) -> dict[str, Any]:
    config = layers["default"]["CONFIG"]
    hosts = [{**config["hosts"][0], "address": url}]
    return {"default": {**layers["default"], "CONFIG": {**config, "hosts": hosts}}}
