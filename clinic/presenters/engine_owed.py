"""What destinations are owed, in figures."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min

from clinic.models import Delivery


@dataclass(frozen=True)
class Figures:
    """Of one destination. `oldest`: since when the oldest that waits is owed."""

    waiting: int = 0
    oldest: datetime | None = None
    given_up: int = 0


NOTHING_OWED = Figures()


def figures(pks: Collection[int] | None = None) -> dict[int, Figures]:
    """By the destination's pk: of these, or of all; those that are owed nothing are missing.

    In two queries, one a state: SQLite uses the index of a state, and of several together it uses none.
    """
    owed = Delivery.objects.order_by()
    if pks is not None:
        owed = owed.filter(destination__in=pks)
    waiting = owed.filter(state=Delivery.State.PENDING).values_list("destination")
    dead = owed.filter(state=Delivery.State.DEAD).values_list("destination")
    lost: dict[int, int] = dict(dead.annotate(count=Count("pk")))
    found = {pk: Figures(given_up=count) for pk, count in lost.items()}
    for pk, count, oldest in waiting.annotate(count=Count("pk"), oldest=Min("created_at")):
        found[pk] = Figures(count, oldest, lost.get(pk, 0))
    return found
