"""What changed, out of an audit that is kept for ever."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinic import audit, health
from clinic.models import Clinic
from clinic.models.audit import SYSTEM
from clinic.presenters.ops_changes import SHOWN, changes
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def test_audit_is_asked_by_an_index_for_the_last_only(live_redis: Any, harbor: Clinic) -> None:
    facts = health.gather(Clinic.objects.all())
    with CaptureQueriesContext(
        connection,
    ) as asked:
        changes(facts, Clinic.objects.all())
    queries = [one["sql"] for one in asked if "clinic_auditevent" in one["sql"]]
    assert len(queries) == 2
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # A table of no rows is read as a whole otherwise.
            cursor.execute("SET LOCAL enable_seqscan = off")
        for query in queries:
            cursor.execute(f"EXPLAIN {'QUERY PLAN ' if connection.vendor == 'sqlite' else ''}{query}")
            plan = str(cursor.fetchall())
            assert "audit_by_kind" in plan and "TEMP B-TREE" not in plan and "Sort" not in plan, plan


def test_wrong_codes_and_jobs_that_were_put_back_are_told(live_redis: Any, harbor: Clinic) -> None:
    ana = audit.staff(make_user("ana", harbor))
    audit.write(harbor.pk, "device.wrong-code", by=ana, of=("device", ""))
    said = {"count": 3, "kind": "sweep", "why": "OSError"}
    audit.write(SYSTEM, "jobs.retry", by=ana, of=("job queue", "low"), detail=said)
    audit.write(harbor.pk, "visit.call", by=ana, of=("visit", "x"))
    found = changes(health.gather(Clinic.objects.all()), Clinic.objects.all())
    assert [(one.what, one.why) for one in found] == [
        ("Failed jobs put back: 3 sweep", "OSError in low"),
        ("A device: wrong code", ""),
    ]


def test_only_the_last_are_shown(live_redis: Any, harbor: Clinic) -> None:
    for n in range(SHOWN + 3):
        audit.write(harbor.pk, "device.revoke", by=audit.EVENKEEL, of=("device", n))
    assert len(changes(health.gather(Clinic.objects.all()), Clinic.objects.all())) == SHOWN
