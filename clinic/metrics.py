"""What monitoring asks for: figures of the integration engine and the job queues, read anew at each asking.

Destinations are told by their numbers, and nothing is about a patient.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

import redis
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from clinic import clock
from clinic.integrations.troubles import Standing, standings
from clinic.models import Destination
from realtime import job_queues

CONTENT_TYPE = CONTENT_TYPE_LATEST


class Collector:
    """Asks database and Redis when it is collected, so that every process gives the same answer."""

    def collect(self) -> Iterable[Metric]:
        yield from _destinations()
        yield from _job_queues()


def text() -> bytes:
    """All figures, in Prometheus's text form."""
    registry = CollectorRegistry()
    registry.register(Collector())
    return generate_latest(registry)


def _destinations() -> Iterator[Metric]:
    now = clock.now()
    found = {one.destination.pk: one for one in standings()}
    rows = [(row, found.get(row.pk) or Standing(row)) for row in Destination.objects.order_by("pk")]
    counts = GaugeMetricFamily(
        "evenkeel_deliveries", "Messages that are not done, by state.", labels=["destination", "state"]
    )
    for row, standing in rows:
        counts.add_metric([str(row.pk), "pending"], standing.owed.waiting)
        counts.add_metric([str(row.pk), "dead"], standing.owed.given_up)
    yield counts
    ages = {row.pk: _age(standing.owed.oldest, now) for row, standing in rows}
    yield _gauge("oldest_waiting_seconds", "Age of the oldest message that waits.", ages)
    silent = {row.pk: _age(standing.silent_since, now) for row, standing in rows}
    yield _gauge("destination_silent_seconds", "For how long every call has failed, 0 if not.", silent)
    failing = {row.pk: _age(standing.failing_since, now) for row, standing in rows}
    yield _gauge("destination_failing_seconds", "For how long it answered, yet took nothing, 0 if not.", failing)
    yield _gauge("destination_ill", "Has workers of its own.", {row.pk: row.is_ill for row, _one in rows})
    yield _gauge("destination_paused", "Nothing is sent.", {row.pk: row.is_paused for row, _one in rows})
    alarms = {row.pk: bool(standing.troubles(now)) for row, standing in rows}
    yield _gauge("destination_alarm", "A person should look at it.", alarms)


def _gauge(name: str, help_text: str, values: Mapping[int, float]) -> Metric:
    gauge = GaugeMetricFamily(f"evenkeel_{name}", help_text, labels=["destination"])
    for pk, value in values.items():
        gauge.add_metric([str(pk)], value)
    return gauge


def _job_queues() -> Iterator[Metric]:
    try:
        depths = job_queues.depths()
    except redis.RedisError:
        depths = {}
    yield GaugeMetricFamily("evenkeel_redis_answers", "Whether Redis does.", value=bool(depths))
    gauge = GaugeMetricFamily("evenkeel_job_queue_depth", "Jobs that wait.", labels=["queue"])
    for name, depth in depths.items():
        gauge.add_metric([name], depth)
    yield gauge


def _age(since: datetime | None, now: datetime) -> float:
    return max(0.0, (now - since).total_seconds()) if since else 0.0
