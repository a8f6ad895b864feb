"""What the load writes down: when each change and each delivery was committed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from clinic.drill.load import Load, first_tries
from clinic.integrations import jobs
from clinic.models import Delivery, Destination
from realtime import bell, notices
from tests.factories import make_clinic, make_destination, make_visit


@pytest.fixture
def load(transactional_db: None) -> Iterator[Load]:
    load = Load()
    bell.connect(load.hear)
    yield load
    bell.connect(None)


def test_change_is_noted_at_its_commit_and_not_before(load: Load) -> None:
    clinic = make_clinic()
    with transaction.atomic():
        version = notices.announce(notices.lock(clinic.topic_id))
        assert load.changes == []
        inside = time.time()
    ((topic, noted, at),) = load.changes
    assert (topic, noted) == (clinic.topic.name, version)
    assert inside <= at <= time.time()


def test_delivery_is_committed_with_its_own_change(load: Load) -> None:
    """Two clinics, one after the other: each delivery has the moment of its own check-in."""
    moments = []
    for slug in ("harbor", "hill", "harbor-2"):
        clinic = make_clinic(slug)
        make_destination(clinic)
        before = time.time()
        make_visit(clinic)
        moments.append((before, time.time()))
    found = load.deliveries()
    assert sorted(found) == list(Delivery.objects.order_by("pk").values_list("pk", flat=True))
    assert all(before <= found[pk] <= after for pk, (before, after) in zip(sorted(found), moments, strict=True))


def test_delivery_starts_with_its_first_try(load: Load, no_redis: list[Any]) -> None:
    clinic = make_clinic()
    emr = make_destination(clinic, "http://127.0.0.1:1/")
    make_visit(clinic)
    assert first_tries() == {}
    before = time.time()
    jobs.deliver(emr.pk)
    after = time.time()
    Delivery.objects.update(next_try_at=timezone.now())
    Destination.objects.update(next_probe_at=None)
    jobs.deliver(emr.pk)
    ((pk, at),) = first_tries().items()
    assert (Delivery.objects.get(pk=pk).attempts, before <= at <= after) == (2, True)


def test_other_messages_are_no_changes(load: Load) -> None:
    bell.ring({"type": "switch"})
    assert load.changes == []
