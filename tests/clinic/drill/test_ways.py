"""The ladder's designs do what their titles say."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from clinic.drill import old_ways, ways
from clinic.drill.record import DESIGNS
from clinic.drill.ways import SHARED, WAYS

PER_HOST = {
    "incident": (4, 10, 3),
    "timeouts": (2, 2, 3),
    "one_try": (2, 2, 1),
    "breaker": (2, 2, 1),
    "pools": (4, 10, 3),
}
"""Seconds to connect and to wait for an answer, and hosts that are tried; after 15 s no further one."""


def test_every_design_but_evenkeel_is_played_by_a_way() -> None:
    assert [*WAYS, "evenkeel"] == [design.key for design in DESIGNS]


@pytest.mark.parametrize("design", PER_HOST)
def test_client_waits_as_the_title_says(design: str, vendor: Any) -> None:
    """By the SDK's own word: one that accepts and never answers holds the incident's for two hosts of 10 s."""
    client = old_ways.client_of(WAYS[design])
    hosts = client.options.get_hosts()
    assert (client.http.http_open_timeout, client.http.http_request_timeout, len(hosts)) == PER_HOST[design]
    assert client.http.http_max_retry_duration == 15
    client.close()


def test_fallback_hosts_are_loopback_and_five() -> None:
    hosts = ways.fallback_hosts()
    assert len(hosts) == 5
    assert {host.split(".")[0] for host in hosts} == {"127"}


def test_machine_with_one_loopback_address_has_five_hosts_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ways, "HOSTS", ("127.0.0.2", "192.0.2.1"))
    assert ways.fallback_hosts()[1] == "127.0.0.1"


def test_four_workers_on_shared_queues_notices_first() -> None:
    for design in ("incident", "timeouts", "one_try", "breaker"):
        assert WAYS[design].workers == (("notices", "integrations", "default", "low"),) * 4


def test_own_pools_change_nothing_else() -> None:
    """Two of the four serve the record system alone."""
    own, incident = WAYS["pools"], WAYS["incident"]
    assert Counter(own.workers) == {SHARED: 2, ("integrations",): 2}
    assert (own.options, own.retries, own.has_breaker) == (incident.options, incident.retries, False)


def test_retries_and_breaker() -> None:
    assert {key: (way.retries, way.has_breaker) for key, way in WAYS.items()} == {
        "incident": (3, False),
        "timeouts": (3, False),
        "one_try": (0, False),
        "breaker": (0, True),
        "pools": (3, False),
    }
