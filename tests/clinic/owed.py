"""Deliveries that a visit makes, and how they stand."""

from __future__ import annotations

from clinic.models import Clinic, Delivery
from clinic.states import Verb
from tests.factories import do, make_visit


def row(pk: int) -> Delivery:
    return Delivery.objects.get(pk=pk)


def owe(clinic: Clinic, *verbs: Verb) -> list[int]:
    """The deliveries, in order, of one visit that checks in and goes through `verbs`."""
    visit = make_visit(clinic)
    for verb in verbs:
        do(visit, verb)
    return list(visit.deliveries.order_by("pk").values_list("pk", flat=True))
