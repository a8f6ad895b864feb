"""What Prometheus would read at /metrics."""

from __future__ import annotations

from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

Figures = dict[tuple[str, ...], float]


def figures(**said: str) -> Figures:
    """Each sample's value by its name and the values of its labels, in the order of their names."""
    return parse(text(**said))


def text(**said: str) -> str:
    answer = Client().get("/metrics", **said)  # type: ignore[arg-type]
    assert answer.status_code == 200
    return answer.content.decode()


def parse(text: str) -> Figures:
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {(sample.name, *sample.labels.values()): sample.value for sample in samples}
