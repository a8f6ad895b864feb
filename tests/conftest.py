"""What all tests share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache

from realtime import bell, breaker, job_queues, redis_link, switch
from tests.own_valkey import OwnValkey, connect


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
    """Nothing that one test left in this process's memory reaches the next, and no thread or connection either."""
    yield
    redis_link.thread.stop()
    redis_link.thread = redis_link.RedisThread()
    redis_link.client.cache_clear()
    job_queues.get.cache_clear()
    bell.connect(None)
    cache.clear()
    switch._last_known = None
    breaker.hear(None)


@pytest.fixture(scope="session")
def valkey_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Valkey of this test process."""
    server = OwnValkey(tmp_path_factory.mktemp("valkey"))
    server.start()
    yield server.url
    server.kill()


@pytest.fixture
def live_redis(valkey_url: str, settings: Any) -> Iterator[Any]:
    """Redis is there, and empty: what the code under test connects to. Gives a client."""
    connect(settings, valkey_url)
    client = redis_link.client()
    client.flushall()
    yield client
    client.close()
