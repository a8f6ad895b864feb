"""The auditor's page: whose chain one may read, what is found, and what a file of it holds."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from clinic import audit
from clinic.models import AuditChain, AuditEvent, Clinic
from clinic.presenters import audit_rows, audit_words
from clinic.services import Actor, sessions
from clinic.states import Verb
from realtime import switch
from tests.clinic.audit.told import told
from tests.clinic.conftest import Clock
from tests.clinic.views.desk_pages import logged_in
from tests.factories import do, make_clinic, make_device, make_user, make_visit

pytestmark = pytest.mark.django_db


@pytest.fixture
def harbor(db: None) -> Clinic:
    return make_clinic(time_zone="America/New_York")


@pytest.fixture
def eve(harbor: Clinic) -> Client:
    return logged_in(make_user("eve", harbor, "auditor"))


def page(client: Client, **asked: Any) -> str:
    answer = client.get("/audit/", asked)
    assert answer.status_code == 200
    return str(answer.content.decode())


def numbers(client: Client, **asked: Any) -> list[int]:
    return [int(one) for one in re.findall(r'data-number="(\d+)"', page(client, **asked))]


def exported(client: Client, **asked: Any) -> list[dict[str, str]]:
    answer = client.get("/audit/events.csv", asked)
    assert answer.status_code == 200 and answer["Content-Disposition"].endswith('.csv"')
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


@pytest.mark.parametrize(("role", "status"), [("clerk", 404), ("ops", 404), ("manager", 200), ("auditor", 200)])
def test_roles(harbor: Clinic, role: str, status: int) -> None:
    client = logged_in(make_user("zoe", harbor, role))
    for address in ("/audit/", "/audit/events.csv"):
        assert client.get(address).status_code == status
        assert client.get(address, {"chain": "system"}).status_code == status
        assert Client().get(address)["location"].startswith("/login/")
        assert client.post(address).status_code == 405


def test_other_clinics_chain_is_not_there(eve: Client, harbor: Clinic) -> None:
    make_clinic("inland")
    for chain in ("inland", "nowhere"):
        assert eve.get("/audit/", {"chain": chain}).status_code == 404
        assert eve.get("/audit/events.csv", {"chain": chain}).status_code == 404


def test_superuser_reads_all_chains_and_the_systems(harbor: Clinic) -> None:
    inland = make_clinic("inland")
    make_visit(inland)
    switch.flip("off", by="olu", reason="ill")
    root = logged_in(make_user("root", is_superuser=True))
    assert "Vendor switch: Off" in page(root, chain="system")
    assert "Visits: Check in" in page(root, chain="inland")
    assert numbers(root, chain="harbor") == []


SHARED = (
    *("switch.off", "switch.auto", "breaker.open", "jobs.change", "jobs.retry", "purge.bodies", "backup.make"),
    *("backup.finish", "backup.fail", "backup.restore", "audit.protect", "audit.mend"),
)
OTHERS = ("audit.export", "inbound.review", "user.add", "group.change", "login.in", "login.reset")


def systems() -> None:
    """All that the system's chain can hold: what concerns every clinic, then what does not."""
    for action in SHARED:
        audit.write(audit.SYSTEM, action, by=audit.shell("root"))
    sessions.refused(None, "wrong")
    for action in OTHERS:
        audit.write(audit.SYSTEM, action, by=audit.staff(make_user(action)), of=("user", 77))
    sessions.refused(make_user("olu"), "wrong")


@pytest.mark.parametrize("role", ["auditor", "manager"])
def test_of_the_systems_a_clinics_readers_see_what_concerns_every_clinic(harbor: Clinic, role: str) -> None:
    zoe = logged_in(make_user("zoe", harbor, role))
    systems()
    many = len(SHARED)
    assert "?chain=system" in page(zoe) and "Where a number is missing" in page(zoe, chain="system")
    assert numbers(zoe, chain="system") == list(range(many, 0, -1))
    assert [row["action"] for row in exported(zoe, chain="system")] == [*reversed(SHARED)]
    for asked in ({"who": "user.add"}, {"of": "77"}, {"what": "user"}, {"who": "login.in"}):
        assert numbers(zoe, chain="system", **asked) == [] == exported(zoe, chain="system", **asked)
    assert numbers(zoe, chain="system", what="login") == []
    root = logged_in(make_user("root", is_superuser=True))
    assert set(range(1, many + len(OTHERS) + 3)) < set(numbers(root, chain="system"))
    assert "Where a number is missing" not in page(root, chain="system")


def test_what_one_clinics_reader_takes_of_the_systems_is_told_there_and_to_no_other(
    eve: Client, harbor: Clinic
) -> None:
    far = logged_in(make_user("far", make_clinic("inland"), "auditor"))
    switch.flip("off", by="olu", reason="ill")
    exported(eve, chain="system")
    assert told(harbor.pk, "actor", "detail") == [("audit.export", "eve", {"count": 1, "kind": "system"})]
    assert told(audit.SYSTEM, "actor")[1:] == [("audit.export", "eve")]
    assert numbers(far) == [] and numbers(far, chain="system") == [1]


def test_rows_say_who_did_what_when_and_from_where_and_nothing_of_the_patient(eve: Client, harbor: Clinic) -> None:
    ana = make_user("ana", harbor)
    visit = make_visit(harbor, "Marker", "Canaryname")
    do(visit, Verb.CALL, by=Actor(user=ana))
    said = page(eve)
    assert "anaryname" not in said and visit.ticket not in re.sub(r"<code.*?</code>", "", said)
    for words in ("<b>ana</b>", "Visits: Call", "from Waiting, to Called", str(visit.public_id)):
        assert words in said
    assert AuditChain.objects.get().hash in said


def test_empty_chain_and_nothing_that_fits(eve: Client, harbor: Clinic) -> None:
    assert "Nothing has been done here yet." in page(eve)
    make_visit(harbor)
    assert "Nothing more fits." in page(eve, who="nobody")


def test_pages_are_of_fifty_and_none_is_shown_twice(eve: Client, harbor: Clinic) -> None:
    for _n in range(audit_rows.PER_PAGE + 3):
        audit.write(harbor.pk, "help.ask", by=audit.PATIENT)
    first = page(eve)
    (onward,) = re.findall(r'href="\?([^"]*before=\d+)" rel="next"', first)
    audit.write(harbor.pk, "help.ask", by=audit.PATIENT)
    second = eve.get(f"/audit/?{onward.replace('&amp;', '&')}").content.decode()
    shown = [int(one) for one in re.findall(r'data-number="(\d+)"', first + second)]
    assert shown == list(range(53, 0, -1)) and 'rel="next"' not in second


def test_filters(eve: Client, harbor: Clinic) -> None:
    ana, (kiosk, _token) = make_user("ana", harbor), make_device(harbor)
    first, second = make_visit(harbor), make_visit(harbor)
    do(second, Verb.CALL, by=Actor(user=ana))
    audit.write(harbor.pk, "help.ask", by=audit.device(kiosk))
    audit.write(harbor.pk, "device.revoke", by=audit.staff(ana), of=("device", kiosk.pk))
    assert numbers(eve) == [5, 4, 3, 2, 1]
    assert numbers(eve, who="Ana") == [5, 3]
    assert numbers(eve, what="visit") == [3, 2, 1]
    assert numbers(eve, of=str(second.public_id)) == [3, 2]
    assert numbers(eve, device=kiosk.pk) == [5, 4]
    assert numbers(eve, what="visit", who="ana") == [3]
    assert numbers(eve, of=str(first.public_id), who="ana") == []


def test_days_are_the_clinics_own(eve: Client, harbor: Clinic, clock: Clock) -> None:
    now, before = clock.at, (clock.at - timedelta(days=3)).astimezone(harbor.zone)
    midnight = before.replace(hour=0, minute=0, second=0, microsecond=0)
    for at in (-1, 1, 23 * 60, 24 * 60 + 1):
        clock.at = midnight + timedelta(minutes=at)
        audit.write(harbor.pk, "help.ask", by=audit.PATIENT)
    clock.at, day = now, midnight.date()
    assert numbers(eve, since=day, until=day) == [3, 2]
    assert numbers(eve, since=day) == [4, 3, 2]
    assert numbers(eve, until=day - timedelta(days=1)) == [1]


@pytest.mark.parametrize(
    "asked",
    [
        {"since": "soon"},
        {"until": "9999-12-31"},
        {"device": "77"},
        {"what": "everything"},
        {"since": "0001-01-01"},
    ],
)
def test_filter_that_makes_no_sense_is_said_and_shows_nothing(eve: Client, asked: dict[str, str]) -> None:
    for address in ("/audit/", "/audit/events.csv"):
        answer = eve.get(address, asked)
        assert answer.status_code == 422 and "error" in answer.content.decode()


@pytest.mark.parametrize("before", ["x", "-1", "\u0663", "9" * 40, ""])
def test_beginning_that_is_none_is_the_newest(eve: Client, harbor: Clinic, before: str) -> None:
    make_visit(harbor)
    assert numbers(eve, before=before) == [1]


def test_file_holds_what_was_asked_for_and_is_told(eve: Client, harbor: Clinic) -> None:
    make_visit(harbor)
    visit = make_visit(harbor)
    (row,) = exported(eve, of=str(visit.public_id))
    kept = AuditEvent.objects.get(sequence=2)
    assert (row["number"], row["action"], row["of_number"]) == ("2", "visit.check-in", str(visit.public_id))
    assert (row["detail"], row["hash"]) == ("from=, to=waiting", kept.hash)
    assert told(harbor.pk, "actor", "detail")[-1] == ("audit.export", "eve", {"count": 1})


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1+1", "\n@A1", " \x07 -1"])
def test_no_cell_is_a_formula(eve: Client, harbor: Clinic, name: str) -> None:
    audit.write(harbor.pk, "help.ask", by=audit.Who(audit.PATIENT.kind, None, name))
    (row,) = exported(eve)
    assert row["who"].startswith("'")


def test_name_with_a_new_line_makes_no_second_row(eve: Client, harbor: Clinic) -> None:
    forged = 'ana\r\n77,2026-01-01,user,1,root,"switch.off'
    audit.write(harbor.pk, "help.ask", by=audit.Who(audit.PATIENT.kind, None, forged))
    (row,) = exported(eve)
    assert row["who"] == forged.replace("\r\n", " ") and len(exported(eve, who=forged)) <= 1
    assert "ana 77,2026-01-01" in page(eve) and numbers(eve)[-1] == 1


def test_file_that_would_be_too_large_is_refused(
    eve: Client, harbor: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_rows, "MOST_EXPORTED", 2)
    for _n in range(3):
        make_visit(harbor)
    answer = eve.get("/audit/events.csv")
    assert answer.status_code == 422 and "choose fewer days" in answer.content.decode()
    assert "audit.export" not in told(harbor.pk)


def test_managers_find_it_from_the_desk(harbor: Clinic) -> None:
    mo = logged_in(make_user("mo", harbor, "manager"))
    assert "/audit/?chain=harbor" in mo.get("/desk/").content.decode()
    assert "/audit/" not in logged_in(make_user("ana", harbor)).get("/desk/").content.decode()


def test_every_action_in_words_begins_with_a_known_noun() -> None:
    assert {code.partition(".")[0] for code in audit_words.ACTIONS} <= set(audit_words.GROUPS)
    assert audit_words.action("new.thing") == "new: thing"


def test_every_action_that_is_told_has_words() -> None:
    """Of those that stand whole in the code; others are a noun with a verb of their own."""
    code = "\n".join(path.read_text() for path in (settings.BASE / "clinic").rglob("*.py"))
    told_of = set(
        re.findall(r'(?:audit\.write|told\.tell|_tell)\([^()]*?(?:\([^()]*\)[^()]*?)*?"(\w+\.[\w-]+)"', code)
    )
    assert len(told_of) > 15
    assert {one for one in told_of if one not in audit_words.ACTIONS} - {"purge.visits"} == set()
