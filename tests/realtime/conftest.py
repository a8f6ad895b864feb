"""What the realtime tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from realtime import breaker, hub
from realtime.breaker import Breaker
from realtime.dirty import Dirty
from tests import canaries
from tests.own_valkey import OwnValkey, connect
from tests.realtime.rig import NEVER
from tests.realtime.standin_rig import CALM, PUBLISH_KEY, SUBSCRIBE_KEY, Rig, running
from tests.waiting import until


@pytest.fixture
def own_valkey(tmp_path: Path, settings: Any) -> Iterator[OwnValkey]:
    """A running Valkey that the test may kill and start again; the code under test connects to it."""
    server = OwnValkey(tmp_path)
    connect(settings, server.url)
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="module")
def rig() -> Iterator[Rig]:
    """One stand-in for the tests of a file."""
    with running(timing=CALM) as rig:
        yield rig


@pytest.fixture
def vendor(rig: Rig, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    """The vendor, well and under TLS: what the code under test publishes to.."""
    authority = tmp_path / "authority.pem"
    authority.write_bytes(rig.standin.ca_pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    settings.ABLY_PUBLISH_KEY, settings.ABLY_SUBSCRIBE_KEY = PUBLISH_KEY, SUBSCRIBE_KEY
    settings.ABLY_CLIENT = {"endpoint": "127.0.0.1", "tls": True, "tls_port": rig.standin.tls_port}
    rig.fault("ok")
    until(lambda: rig.seen()["open"] == 0)
    yield rig
    assert canaries.found(str(rig.seen())) == []


@pytest.fixture
def guard(live_redis: Any) -> Breaker:
    return Breaker(live_redis)


@pytest.fixture
def fence(live_redis: Any) -> int:
    """Of the lease that whoever calls the vendor holds."""
    return Dirty(live_redis).take_lease()


@pytest.fixture
def breaker_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests without Redis: what the breaker would say if it could be read."""
    monkeypatch.setattr(breaker, "look", breaker.View)
    breaker.hear(breaker.View())


@pytest.fixture
def no_second(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hub looks at the database once, at its start: what comes later comes by a ring."""
    monkeypatch.setattr(hub, "SECOND", NEVER)


@pytest.fixture
def quick_second(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "SECOND", 0.05)
