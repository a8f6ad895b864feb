"""The vendor: switch, breaker and gate as they stand, and by which path notices went."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from realtime import breaker, gate, jobs, redis_link, switch
from realtime.breaker import Breaker

PATHS = ("ably", "channels", "nobody")
STATES = ("closed", "half-open", "open")


def notices() -> Iterator[Metric]:
    """What Redis has counted. Raises redis.RedisError."""
    sent = {**dict.fromkeys(PATHS, 0), **jobs.sent()}
    family = CounterMetricFamily("evenkeel_notices", "Notices that jobs sent, by path.", labels=["path"])
    for path, count in sent.items():
        family.add_metric([path], count)
    yield family
    changes = CounterMetricFamily(
        "evenkeel_breaker_changes", "Changes of the breaker.", labels=["before", "after"]
    )
    for name, count in Breaker(redis_link.client()).changes().items():
        changes.add_metric(name.split(":"), count)
    yield changes


def gates() -> Iterator[Metric]:
    """Whether the vendor may be used, and what each part says. Unreadable means shut."""
    row, view = switch.read(), breaker.look()
    is_on = row is not None and not row.is_off()
    is_meant = gate.is_configured()
    yield GaugeMetricFamily("evenkeel_vendor_configured", "Whether keys are set for it.", value=is_meant)
    yield GaugeMetricFamily("evenkeel_switch_on", "Whether the operator lets the vendor be used.", value=is_on)
    yield GaugeMetricFamily("evenkeel_gate_open", "Whether it may be used now.", value=gate.decide(row, view).open)
    states = GaugeMetricFamily("evenkeel_breaker_state", "1 for the breaker's state.", labels=["state"])
    for state in STATES if view else ():
        states.add_metric([state], view is not None and view.holds == state)
    yield states
