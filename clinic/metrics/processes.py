"""Job queues, the processes that live, and all that they count. From Redis alone."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric

from clinic.counted import ALL as OF_CLINIC
from clinic.running.pools import POOLS
from realtime import heartbeats, job_queues, tally
from realtime.counted import ALL as OF_REALTIME

KINDS = ("web", "scheduler", "HL7 listener", *(f"worker of {pool}" for pool in POOLS))


def figures() -> Iterator[Metric]:
    """Raises redis.RedisError."""
    yield from _job_queues()
    yield from _processes()
    stored = tally.read()
    for one in (*OF_REALTIME, *OF_CLINIC):
        yield one.family(stored)


def _job_queues() -> Iterator[Metric]:
    depth = GaugeMetricFamily("evenkeel_job_queue_depth", "Jobs that wait.", labels=["queue"])
    age = GaugeMetricFamily("evenkeel_job_queue_oldest_seconds", "Age of the first in line.", labels=["queue"])
    flight = GaugeMetricFamily("evenkeel_jobs_in_flight", "Jobs that run now.", labels=["queue"])
    for name, standing in job_queues.standing().items():
        depth.add_metric([name], standing.depth)
        age.add_metric([name], standing.oldest_seconds or 0)
        flight.add_metric([name], standing.in_flight)
    yield from (depth, age, flight)


def _processes() -> Iterator[Metric]:
    pulse = heartbeats.hear()
    living = pulse.living
    counts = GaugeMetricFamily("evenkeel_processes", "Processes that live.", labels=["kind"])
    for kind in KINDS:
        counts.add_metric([kind], sum(one.kind == kind for one in living))
    yield counts
    hanging = GaugeMetricFamily(
        "evenkeel_processes_hanging", "Processes that hang while others do their work.", labels=["kind"]
    )
    for kind in KINDS:
        hanging.add_metric([kind], sum(one.kind == kind for one in pulse.hanging))
    yield hanging
    sockets = sum(one.sockets for one in living)
    yield GaugeMetricFamily("evenkeel_sockets_open", "Pages that listen, over all web processes.", value=sockets)
    idle = [one.round_age for one in living if one.kind == "scheduler"]
    rounds = GaugeMetricFamily(
        "evenkeel_scheduler_round_age_seconds", "How long ago a scheduler last did all that was due."
    )
    if idle:
        rounds.add_metric([], min(idle))
    yield rounds
