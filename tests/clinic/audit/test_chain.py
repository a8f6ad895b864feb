from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from clinic import audit, clock, request_context
from clinic.models import AuditChain, AuditEvent, Clinic
from clinic.services import Actor
from clinic.states import Verb
from tests.factories import do, make_clinic, make_device, make_user, make_visit

pytestmark = pytest.mark.django_db
COLUMNS = (
    "chain, sequence, at, actor_kind, actor, address, request_id, action, object_kind, object_id, detail, "
    "previous, hash"
)


def refused(statement: str, *values: object) -> None:
    with pytest.raises(DatabaseError, match="the audit is"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)


def test_each_move_of_a_visit_is_told_with_who_and_where_and_without_the_patient(harbor: Clinic) -> None:
    ana = make_user("ana", harbor)
    with request_context.during("request-one", "192.0.2.7"):
        visit = make_visit(harbor, "Marker", "Canaryname")
        do(visit, Verb.CALL, by=Actor(user=ana))
    first, second = AuditEvent.objects.filter(chain=harbor.pk).order_by("sequence")
    assert (first.action, first.actor_kind, first.detail) == (
        "visit.check-in",
        "system",
        {"from": "", "to": "waiting"},
    )
    assert (second.action, second.actor_id, second.actor) == ("visit.call", ana.pk, "ana")
    assert (second.address, second.request_id) == ("192.0.2.7", "request-one")
    assert (second.object_kind, second.object_id) == ("visit", str(visit.public_id))
    assert "anary" not in str(list(AuditEvent.objects.values()))


def test_each_clinic_has_a_chain_of_its_own(harbor: Clinic) -> None:
    inland = make_clinic("inland")
    for clinic in (harbor, inland, harbor):
        make_visit(clinic)
    for clinic, count in ((harbor, 2), (inland, 1)):
        rows = list(AuditEvent.objects.filter(chain=clinic.pk).order_by("sequence"))
        assert [row.sequence for row in rows] == list(range(1, count + 1))
        assert [row.previous for row in rows] == ["", *(row.hash for row in rows)][:count]
        assert [row.hash for row in rows] == [audit.digest_of(row) for row in rows]
        assert AuditChain.objects.get(pk=clinic.pk).hash == rows[-1].hash


def test_what_a_refused_service_did_is_not_told(harbor: Clinic) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        make_visit(harbor)
        raise RuntimeError
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE clinic_auditevent SET actor = 'mallory'",
        "DELETE FROM clinic_auditevent",
        "UPDATE clinic_auditevent SET hash = hash",
    ],
)
def test_database_refuses_to_change_or_remove(harbor: Clinic, statement: str) -> None:
    make_visit(harbor)
    refused(statement)
    assert AuditEvent.objects.get().actor == ""


def test_database_refuses_to_replace(harbor: Clinic) -> None:
    make_visit(harbor)
    row = AuditEvent.objects.get()
    values = "%s, 1, CURRENT_TIMESTAMP, 'user', 'mallory', '', '', 'visit.call', '', '', '{}', '', 'x'"
    if connection.vendor == "sqlite":
        refused(f"INSERT OR REPLACE INTO clinic_auditevent ({COLUMNS}) VALUES ({values})", harbor.pk)
        refused(f"INSERT OR REPLACE INTO clinic_auditevent (id, {COLUMNS}) VALUES ({row.pk}, {values})", 77)
        refused(f"REPLACE INTO clinic_auditevent ({COLUMNS}) VALUES ({values})", harbor.pk)
    else:
        again = f"INSERT INTO clinic_auditevent ({COLUMNS}) VALUES ({values})"
        refused(f"{again} ON CONFLICT (chain, sequence) DO UPDATE SET actor = 'mallory'", harbor.pk)
        refused("TRUNCATE clinic_auditevent")
    assert AuditEvent.objects.get().actor == ""


def test_database_refuses_what_does_not_follow_the_last(harbor: Clinic) -> None:
    make_visit(harbor)
    row = AuditEvent.objects.get()
    row.pk, row.sequence, row.previous, row.at = None, 2, "forged", clock.now() + timedelta(seconds=1)
    with pytest.raises(DatabaseError, match="the audit is a chain"), transaction.atomic():
        row.save(force_insert=True)


@pytest.mark.parametrize("sequence", [-1, 0, 2, 50])
def test_database_refuses_what_begins_in_the_air(harbor: Clinic, sequence: int) -> None:
    make_visit(harbor)
    for chain in (harbor.pk, harbor.pk + 70):
        row = AuditEvent.objects.get(chain=harbor.pk)
        row.pk, row.chain, row.sequence, row.previous = None, chain, sequence, ""
        with pytest.raises(DatabaseError, match="the audit is a chain"), transaction.atomic():
            row.save(force_insert=True)


def test_each_row_costs_three_statements(harbor: Clinic) -> None:
    make_visit(harbor)
    with CaptureQueriesContext(connection) as asked:
        audit.write(harbor.pk, "visit.look", by=audit.EVENKEEL)
    said = [query["sql"] for query in asked.captured_queries if "clock_timestamp" not in query["sql"]]
    assert [sql.split()[0] for sql in said] == ["SELECT", "INSERT", "UPDATE"]


def test_detail_takes_only_what_is_named(harbor: Clinic) -> None:
    with pytest.raises(ValueError, match="the audit keeps no phone"):
        audit.write(harbor.pk, "visit.look", by=audit.EVENKEEL, detail={"phone": "+1555"})


def test_device_and_patient_are_told_apart(harbor: Clinic) -> None:
    kiosk, _token = make_device(harbor)
    assert audit.device(kiosk) == ("device", kiosk.pk, "Kiosk Entrance")
    assert Actor(device=kiosk).who == audit.device(kiosk)
    assert Actor(is_patient=True).who == audit.PATIENT


def test_triggers_stand_beside_the_index_that_was_added_after_them() -> None:
    """SQLite makes a table anew for most changes of a model, and drops its triggers."""
    names = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'clinic_auditevent'",
        "postgresql": "SELECT tgname FROM pg_trigger WHERE tgrelid = 'clinic_auditevent'::regclass",
    }
    with connection.cursor() as cursor:
        assert "audit_by_kind" in connection.introspection.get_constraints(cursor, "clinic_auditevent")
        cursor.execute(names[connection.vendor])
        found = {name for (name,) in cursor.fetchall()}
    wanted = {"sqlite": {"update", "delete", "replace", "gap"}, "postgresql": {"change", "truncate", "gap"}}
    assert found >= {f"audit_no_{name}" for name in wanted[connection.vendor]}
