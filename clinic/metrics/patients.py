"""Numbers of patients, by clinic: how many came, how many wait, how long. Nothing is about one of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Count, Min, Q
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from clinic import clock
from clinic.models import Clinic, Visit
from clinic.states import State, Verb
from realtime.tally import buckets, place_of

MINUTES = (5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240)
BOUNDS = tuple(60.0 * minutes for minutes in MINUTES)


def figures() -> Iterator[Metric]:
    now, clinics = clock.now(), list(Clinic.objects.order_by("pk"))
    # What is counted anew with each of the clinic's days; Prometheus takes that for a restart.
    today = Q(pk=None)
    for clinic in clinics:
        today |= Q(clinic=clinic, day=clinic.day(now))
    yield _check_ins(clinics, today)
    yield _waits(clinics, today)
    yield from _waiting(clinics, now)


def _check_ins(clinics: list[Clinic], today: Q) -> Metric:
    family = CounterMetricFamily("evenkeel_check_ins", "Check-ins of the clinic's day.", labels=["clinic"])
    rows = Visit.objects.filter(today, arrived_at__isnull=False).order_by().values_list("clinic")
    counts = dict(rows.annotate(Count("pk")))
    for clinic in clinics:
        family.add_metric([str(clinic.pk)], counts.get(clinic.pk, 0))
    return family


def _waits(clinics: list[Clinic], today: Q) -> Metric:
    """By the first call, also one that was taken back since: a counter never runs backwards."""
    family = HistogramMetricFamily(
        "evenkeel_wait_seconds", "From arrival to the first call, of the clinic's day.", labels=["clinic"]
    )
    visits = Visit.objects.filter(today, arrived_at__isnull=False, events__verb=Verb.CALL).order_by()
    rows = visits.values("pk").annotate(called_at=Min("events__at"))
    found = {clinic.pk: ([0.0] * (len(BOUNDS) + 1), [0.0]) for clinic in clinics}
    for pk, arrived_at, called_at in rows.values_list("clinic", "arrived_at", "called_at"):
        seconds = max(0.0, (called_at - arrived_at).total_seconds())
        numbers, total = found[pk]
        numbers[place_of(BOUNDS, seconds)] += 1
        total[0] += seconds
    for pk, (numbers, total) in found.items():
        family.add_metric([str(pk)], buckets(BOUNDS, numbers), total[0])
    return family


def _waiting(clinics: list[Clinic], now: datetime) -> Iterator[Metric]:
    rows = Visit.objects.filter(state=State.WAITING).order_by().values("clinic")
    grouped = rows.annotate(many=Count("pk"), since=Min("arrived_at"))
    found = {pk: (many, since) for pk, many, since in grouped.values_list("clinic", "many", "since")}
    counts = GaugeMetricFamily("evenkeel_patients_waiting", "How many wait to be called.", labels=["clinic"])
    longest = GaugeMetricFamily("evenkeel_longest_wait_seconds", "Of those who wait now.", labels=["clinic"])
    for clinic in clinics:
        many, since = found.get(clinic.pk, (0, now))
        counts.add_metric([str(clinic.pk)], many)
        longest.add_metric([str(clinic.pk)], max(0.0, (now - since).total_seconds()))
    yield counts
    yield longest
