"""Destinations brought into each of their states, and deliveries into each of theirs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from clinic.models import Clinic, Delivery, Destination
from tests.clinic.owed import owe
from tests.factories import make_destination

SILENT = {"is_ill": True, "failures": 4, "last_error": "no answer within 5 s"}


def put(pk: int, state: str, **fields: Any) -> Delivery:
    """The delivery, as the engine would have left it in this state."""
    fields.setdefault("delivered_at", timezone.now() if state == "delivered" else None)
    Delivery.objects.filter(pk=pk).update(state=state, **fields)
    return Delivery.objects.select_related("destination__clinic", "event", "visit").get(pk=pk)


def given_up(clinic: Clinic, destination: Destination, **fields: Any) -> Delivery:
    """One message of a new visit that this destination, the clinic's only one, would not take."""
    said = {"last_error": "it would not take it", "last_failure": "rejected", "attempts": 3, "fence": 3}
    return put(owe(clinic)[0], "dead", **{**said, **fields})


def silent(clinic: Clinic, *, minutes: int = 90, **fields: Any) -> Destination:
    return make_destination(
        clinic, **{**SILENT, "ill_since": timezone.now() - timedelta(minutes=minutes), **fields}
    )
