"""What the load writes down: when each change and each delivery was committed."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from django.db import transaction

from clinic.drill.load import Load
from clinic.models import Delivery
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


def test_other_messages_are_no_changes(load: Load) -> None:
    bell.ring({"type": "switch"})
    assert load.changes == []
