"""What failed, by its cause, with how often: jobs, and messages that were given up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min, QuerySet

from clinic.health import Facts
from clinic.models import Clinic, Delivery
from clinic.spans import span
from realtime.failures import UNKNOWN, Cause


@dataclass(frozen=True)
class FailedJobs:
    """`why`: the kind of error. `key`: names the group in forms."""

    cause: Cause
    count: int
    why: str

    @property
    def key(self) -> str:
        return " ".join(self.cause)


@dataclass(frozen=True)
class DeadLetters:
    """Of one destination. `causes`: each with its count, in words. `is_theirs`: who looks may send them again."""

    destination: int
    name: str
    clinic: str
    count: int
    causes: str
    oldest: str
    is_theirs: bool


def failed_jobs(facts: Facts) -> tuple[FailedJobs, ...] | None:
    """None without Redis."""
    if facts.failed is None:
        return None
    return tuple(FailedJobs(cause, count, _why(cause.error)) for cause, count in facts.failed)


def dead_letters(clinics: QuerySet[Clinic], now: datetime) -> tuple[DeadLetters, ...]:
    """The destinations with most of them first."""
    theirs = set(clinics.values_list("pk", flat=True))
    rows = Delivery.objects.filter(state=Delivery.State.DEAD).order_by()
    of = ("destination", "destination__name", "destination__clinic__name", "destination__clinic")
    counted = rows.values_list(*of, "last_failure").annotate(Count("pk"), Min("created_at"))
    found: dict[int, list[tuple[str, str, int, str, int, datetime]]] = {}
    for pk, *rest in counted:
        found.setdefault(pk, []).append(tuple(rest))
    letters = [_letters(pk, parts, theirs, now) for pk, parts in found.items()]
    return tuple(sorted(letters, key=lambda one: (-one.count, one.name)))


def _letters(
    pk: int, parts: list[tuple[str, str, int, str, int, datetime]], theirs: set[int], now: datetime
) -> DeadLetters:
    name, clinic, clinic_pk = parts[0][:3]
    parts = sorted(parts, key=lambda part: -part[4])
    words = dict(Delivery.Failure.choices)
    return DeadLetters(
        destination=pk,
        name=name,
        clinic=clinic,
        count=sum(part[4] for part in parts),
        causes=", ".join(f"{words.get(part[3], 'No cause known')} ({part[4]})" for part in parts),
        oldest=span(max(timedelta(), now - min(part[5] for part in parts))),
        is_theirs=clinic_pk in theirs,
    )


def _why(error: str) -> str:
    return "its worker died" if error in (UNKNOWN, "AbandonedJobError") else error
