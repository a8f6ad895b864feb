"""How each destination stands, by its number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from prometheus_client.core import GaugeMetricFamily, Metric

from clinic import clock
from clinic.integrations.troubles import Standing, standings
from clinic.models import Destination


def figures() -> Iterator[Metric]:
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


def _age(since: datetime | None, now: datetime) -> float:
    return max(0.0, (now - since).total_seconds()) if since else 0.0
