"""What failed, by its cause, with how often: jobs, and messages that were given up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min, QuerySet

from clinic.health import Facts
from clinic.models import Clinic, Delivery
from clinic.spans import span
from realtime.failures import UNKNOWN, Cause

NO_CAUSE = "unknown"


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
    """Messages that one destination was given up on by one cause: `cause` in addresses, `why` in words.

    `is_theirs`: who looks may send them again.
    """

    destination: int
    cause: str
    name: str
    clinic: str
    count: int
    why: str
    oldest: str
    is_theirs: bool

    @property
    def key(self) -> str:
        return f"{self.destination} {self.cause}"


def failed_jobs(facts: Facts) -> tuple[FailedJobs, ...] | None:
    """None without Redis."""
    if facts.failed is None:
        return None
    return tuple(FailedJobs(cause, count, _why(cause.error)) for cause, count in facts.failed)


def dead_letters(clinics: QuerySet[Clinic], now: datetime) -> tuple[DeadLetters, ...]:
    """By destination and cause, most of them first."""
    theirs = set(clinics.values_list("pk", flat=True))
    rows = Delivery.objects.filter(state=Delivery.State.DEAD).order_by()
    of = ("destination", "destination__name", "destination__clinic__name", "destination__clinic", "last_failure")
    found = rows.values_list(*of).annotate(Count("pk"), Min("created_at"))
    letters = [
        DeadLetters(
            destination=pk,
            cause=failure or NO_CAUSE,
            name=name,
            clinic=clinic,
            count=count,
            why=cause_words(failure),
            oldest=span(max(timedelta(), now - oldest)),
            is_theirs=clinic_pk in theirs,
        )
        for pk, name, clinic, clinic_pk, failure, count, oldest in found
    ]
    return tuple(sorted(letters, key=lambda one: (-one.count, one.name, one.cause)))


def cause_words(failure: str) -> str:
    """`failure`: of Delivery.Failure, or "" for none known."""
    words = dict(Delivery.Failure.choices)
    return str(words.get(failure, "No cause known"))


def _why(error: str) -> str:
    return "its worker died" if error in (UNKNOWN, "AbandonedJobError") else error
