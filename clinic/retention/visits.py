"""Takes out visits that ended long ago, with all that tells of them but the audit. Nothing else deletes them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, Model, OuterRef, QuerySet

from clinic import audit
from clinic.models import (
    Clinic,
    Delivery,
    Destination,
    EngineEvent,
    InboundMessage,
    RemoteRecord,
    Visit,
    VisitEvent,
)
from clinic.states import ENDED
from realtime import notices

# A clinic's desk and kiosks wait for one batch.
BATCH = 200
OWED = (Delivery.State.PENDING, Delivery.State.DEAD)


def old(before: datetime) -> QuerySet[Visit]:
    """Those that ended before, and that nothing is owed of to anybody. Open ones are never old."""
    return _ended(before).filter(~_is_owed()).order_by("pk")


def held(before: datetime) -> QuerySet[Visit]:
    """Those that would be old, but a message of theirs waits or was given up."""
    return _ended(before).filter(_is_owed())


def delete(before: datetime, by: audit.Who, step: Callable[[int], None]) -> int:
    """Clinic by clinic, a batch at a time, each with its row of the audit. `step` is told how many it took."""
    total = 0
    for clinic in Clinic.objects.order_by("pk"):
        while count := _delete_batch(clinic, before, by):
            total += count
            step(count)
    return total


def _ended(before: datetime) -> QuerySet[Visit]:
    return Visit.objects.filter(state__in=ENDED, ended_at__lt=before)


def _is_owed() -> Exists:
    return Exists(Delivery.objects.filter(visit=OuterRef("pk"), state__in=OWED))


def _delete_batch(clinic: Clinic, before: datetime, by: audit.Who) -> int:
    with transaction.atomic():
        notices.lock(clinic.topic_id)
        # So that nobody sends one of their messages again meanwhile.
        list(Destination.objects.select_for_update(no_key=True).filter(clinic=clinic).order_by("pk").values("pk"))
        visits = list(old(before).filter(clinic=clinic).values_list("pk", flat=True)[:BATCH])
        if visits:
            _delete(visits)
            audit.write(clinic.pk, "purge.visits", by=by, detail={"count": len(visits)})
        return len(visits)


def _delete(visits: list[int]) -> None:
    deliveries = list(Delivery.objects.filter(visit__in=visits).values_list("pk", flat=True))
    Visit.objects.filter(party__in=visits).update(party=None)
    delete_rows(EngineEvent, "delivery_id", deliveries)
    for model in (Delivery, RemoteRecord, InboundMessage, VisitEvent):
        delete_rows(model, "visit_id", visits)
    delete_rows(Visit, "id", visits)


def delete_rows(model: type[Model], column: str, ids: Collection[Any]) -> None:
    """In plain SQL: the models refuse it, and what protects their rows is checked when the transaction ends."""
    name = connection.ops.quote_name
    found = list(ids)
    with connection.cursor() as cursor:
        for start in range(0, len(found), 500):
            some = found[start : start + 500]
            places = ", ".join(["%s"] * len(some))
            cursor.execute(f"DELETE FROM {name(model._meta.db_table)} WHERE {name(column)} IN ({places})", some)
