"""What monitoring asks for, in one text: see docs/ops/figures.md for each name.

Every process gives the same answer, since all is asked of the database and of Redis at each asking. Clinics and
destinations are told by their numbers, and nothing is about a patient.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import redis
from django.db import Error as AnyDatabaseError
from django.db import OperationalError
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from clinic.metrics import backups, destinations, devices, patients, processes, vendor
from realtime import redis_link

CONTENT_TYPE = CONTENT_TYPE_LATEST

Part = Callable[[], Iterable[Metric]]


class Collector:
    """What an engine that is away would have said is left out, and that it is away is a figure itself."""

    def __init__(self, with_database: bool) -> None:
        self.with_database = with_database

    def collect(self) -> Iterable[Metric]:
        of_database: list[Part] = [destinations.figures, patients.figures, devices.figures, backups.figures]
        from_database = of_database if self.with_database else [_hangs]
        yield from _all(from_database, AnyDatabaseError, "evenkeel_database_answers", "Whether the database does.")
        # One that is away holds each question for a quarter of a second: the first that fails is the last. While
        # it takes no writes no process can say that it lives, nor what it counted: figures would blame workers.
        from_redis: list[Part] = [_takes_writes, processes.figures, vendor.notices]
        answers = "Whether Redis does, and takes writes."
        yield from _all(from_redis, redis.RedisError, "evenkeel_redis_answers", answers)
        if self.with_database:
            yield from vendor.gates()


def text(*, with_database: bool = True) -> bytes:
    """All figures, in Prometheus's text form. Without a database that hangs: what Redis says, at once."""
    registry = CollectorRegistry()
    registry.register(Collector(with_database))
    return generate_latest(registry)


def _hangs() -> Iterable[Metric]:
    raise OperationalError("does not answer in time")


def _takes_writes() -> Iterable[Metric]:
    redis_link.try_write()
    return ()


def _all(parts: Iterable[Part], away: type[Exception], name: str, help_text: str) -> Iterator[Metric]:
    try:
        for part in parts:
            yield from list(part())
    except away:
        yield GaugeMetricFamily(name, help_text, value=0)
    else:
        yield GaugeMetricFamily(name, help_text, value=1)
