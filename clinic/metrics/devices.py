"""Kiosks and wait-room screens that somebody must go to, in clinics that are open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric

from clinic import clock
from clinic.health import silent_devices
from clinic.models import Clinic, Device


def figures() -> Iterator[Metric]:
    missed = silent_devices.missed(Clinic.objects.all(), clock.now())
    counts = Counter((one.kind, "silent" if one.is_silent else "stale") for one in missed)
    family = GaugeMetricFamily(
        "evenkeel_devices_missed", "Devices that fell silent, or show old data.", labels=["kind", "why"]
    )
    for kind in Device.Kind.values:
        for why in ("silent", "stale"):
            family.add_metric([kind, why], counts[kind, why])
    yield family
