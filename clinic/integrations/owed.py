"""What destinations are owed, in figures."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Count, Max, Min, OuterRef, Q, QuerySet, Subquery

from clinic.models import Delivery, Destination
from clinic.models.deliveries import Failure

_CALLS_FAIL = Q(destination__is_ill=True, destination__failures__gt=0)


@dataclass(frozen=True)
class Owed:
    """To one destination: counts of messages. `oldest` and `oldest_given_up`: when those were made.

    `newest_given_up`: its row, or 0. `errors_since`: the first try of the oldest that waits since it could not be
    processed; not asked of those that every call fails at. `taken_at`: when it last took one; asked only of those
    that are ill or have such errors.
    """

    waiting: int = 0
    oldest: datetime | None = None
    errors_since: datetime | None = None
    given_up: int = 0
    oldest_given_up: datetime | None = None
    newest_given_up: int = 0
    taken_at: datetime | None = None


NOTHING = Owed()


def owed(pks: Collection[int] | None = None) -> dict[int, Owed]:
    """By the destination's pk: of these, or of all; those that are owed nothing are missing.

    One query a state: SQLite has an index for each, and for both together it reads all rows.
    """
    rows = Delivery.objects.order_by()
    if pks is not None:
        rows = rows.filter(destination__in=pks)
    found = _waiting(rows.filter(state=Delivery.State.PENDING))
    dead = rows.filter(state=Delivery.State.DEAD).values_list("destination")
    for pk, count, oldest, newest in dead.annotate(Count("pk"), Min("created_at"), Max("pk")):
        so_far = found.get(pk, NOTHING)
        found[pk] = replace(so_far, given_up=count, oldest_given_up=oldest, newest_given_up=newest)
    return found


def _waiting(rows: QuerySet[Delivery]) -> dict[int, Owed]:
    counts = rows.values_list("destination").annotate(Count("pk"), Min("created_at"))
    found = {pk: Owed(count, oldest) for pk, count, oldest in counts}
    # By itself, without those that backlogs wait for: it reads the rows, where an index alone gives the counts.
    erring = rows.filter(last_failure=Failure.ERROR, destination__is_paused=False).exclude(_CALLS_FAIL)
    for pk, tried in erring.values_list("destination").annotate(Min("first_tried_at")):
        found[pk] = replace(found.get(pk, NOTHING), errors_since=tried)
    for pk, at in _taken_at(found).items():
        found[pk] = replace(found[pk], taken_at=at)
    return found


def _taken_at(found: dict[int, Owed]) -> dict[int, datetime]:
    erring = [pk for pk, one in found.items() if one.errors_since]
    taken = Delivery.objects.filter(destination=OuterRef("pk"), state=Delivery.State.DELIVERED)
    last = Subquery(taken.order_by("-delivered_at").values("delivered_at")[:1])
    rows = Destination.objects.order_by().filter(Q(is_ill=True) | Q(pk__in=erring), pk__in=list(found))
    return dict(rows.annotate(last=last).values_list("pk", "last"))
