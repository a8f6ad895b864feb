"""How each design but Evenkeel's publishes, and which job queues its four workers serve."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

SHARED = ("notices", "integrations", "default", "low")
TIME_OUTS = {"http_open_timeout": 2, "http_request_timeout": 2}
NEVER_ANOTHER_HOST = {"http_max_retry_count": 1}
HOSTS = tuple(f"127.0.0.{n}" for n in range(2, 7))


@dataclass(frozen=True)
class Way:
    """One design.

    `options` are what its SDK client is given beside the address; without any it is as the vendor ships it.
    `retries` of a publish job, by RQ. `workers`: the job queues that each one serves, most urgent first.
    """

    options: Mapping[str, Any] = field(default_factory=dict)
    retries: int = 3
    has_breaker: bool = False
    workers: tuple[tuple[str, ...], ...] = (SHARED,) * 4


WAYS = {
    "incident": Way(),
    "timeouts": Way(TIME_OUTS),
    "one_try": Way({**TIME_OUTS, **NEVER_ANOTHER_HOST}, retries=0),
    "breaker": Way({**TIME_OUTS, **NEVER_ANOTHER_HOST}, retries=0, has_breaker=True),
    "pools": Way(workers=(SHARED,) * 2 + (("integrations",),) * 2),
}
"""By the keys of record.DESIGNS; Evenkeel is not among them: it runs as it is."""


def fallback_hosts() -> list[str]:
    """As many as the vendor's own names have, for an address of ours has none: five, on loopback.

    Where a machine has but one loopback address, five times that.
    """
    return [host if _is_ours(host) else "127.0.0.1" for host in HOSTS]


def _is_ours(host: str) -> bool:
    with closing(socket.socket()) as probe:
        try:
            probe.bind((host, 0))
        except OSError:
            return False
        return True
