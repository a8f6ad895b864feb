"""Who may see what of the engine, that a look at a patient is written down, and how a page keeps itself fresh."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from clinic.models import Clinic, Delivery, Destination, EngineEvent, Membership
from clinic.services import Actor, check_in
from clinic.services import deliveries as service
from tests.clinic.engine_states import put
from tests.clinic.owed import owe
from tests.clinic.views.desk_pages import logged_in
from tests.factories import answers, make_clinic, make_destination, make_user

pytestmark = pytest.mark.django_db
GIVEN, FAMILY = "Plantedgiven", "Plantedfamily"


@pytest.fixture
def lost(clinic: Clinic, emr: Destination) -> Delivery:
    said = answers(GIVEN, FAMILY, date(1931, 2, 3), phone="202 555 0143")
    visit = check_in(clinic, said, by=Actor())
    return put(visit.deliveries.get().pk, "dead", last_error="it would not take it")


def address(one: Delivery) -> str:
    return f"/ops/engine/{one.destination_id}/{one.key}/"


def every_page(one: Delivery) -> list[str]:
    emr = f"/ops/engine/{one.destination_id}/"
    lists = [f"{emr}?state={state}" for state in Delivery.State.values]
    return ["/ops/engine/", emr, *lists, f"{emr}?visit={one.key}", f"{emr}resend/", address(one)]


def member(clinic: Clinic, role: str) -> Client:
    return logged_in(make_user("olu", clinic, role))


def look(client: Client, one: Delivery, reason: str = "they ask for the name") -> Any:
    return client.post(address(one), {"verb": "reveal", "reason": reason}, follow=True)


@pytest.mark.parametrize("role", ["ops", "manager"])
def test_ops_and_managers_of_the_clinic_see_all_of_it(clinic: Clinic, lost: Delivery, role: str) -> None:
    client = member(clinic, role)
    assert {path: client.get(path).status_code for path in every_page(lost)} == dict.fromkeys(
        every_page(lost), 200
    )
    assert FAMILY in look(client, lost).content.decode()


@pytest.mark.parametrize(("role", "overview"), [("ops", 200), ("manager", 200), ("clerk", 404)])
def test_what_belongs_to_another_clinic_does_not_exist(lost: Delivery, role: str, overview: int) -> None:
    client = member(make_clinic("inland"), role)
    first, *others = every_page(lost)
    answer = client.get(first)
    assert answer.status_code == overview and b"Record system" not in answer.content
    assert {client.get(path).status_code for path in others} == {404}
    emr = f"/ops/engine/{lost.destination_id}/"
    for path in (f"{emr}pause/", f"{emr}resend/", address(lost)):
        assert client.post(path, {"verb": "resend", "reason": "x"}).status_code == 404
    assert not EngineEvent.objects.exists()
    found = client.post("/ops/engine/find/", {"id": lost.key})
    assert found.status_code == 404 or found["Location"] == "/ops/engine/"


def test_clerk_of_the_clinic_sees_nothing(clinic: Clinic, lost: Delivery) -> None:
    client = member(clinic, "clerk")
    assert {client.get(path).status_code for path in every_page(lost)} == {404}
    assert look(client, lost).status_code == 404


def test_role_counts_in_its_own_clinic_only(clinic: Clinic, lost: Delivery) -> None:
    """Ops at one clinic and clerk at the other."""
    client = member(make_clinic("inland"), "ops")
    Membership.objects.create(user_id=client.session["_auth_user_id"], clinic=clinic, role="clerk")
    assert client.get(address(lost)).status_code == 404
    assert b"Record system" not in client.get("/ops/engine/").content


def test_superuser_sees_all_and_is_written_down(lost: Delivery) -> None:
    client = logged_in(make_user("ada", is_superuser=True))
    assert FAMILY in look(client, lost).content.decode()
    assert EngineEvent.objects.get().user.username == "ada"  # type: ignore[union-attr]


def test_strangers_and_those_who_left_are_asked_to_log_in(clinic: Clinic, lost: Delivery) -> None:
    assert Client().get(address(lost))["Location"].startswith("/login/")
    client = member(clinic, "manager")
    Membership.objects.all().delete()
    assert client.get("/ops/engine/").status_code == 404


def test_each_act_needs_the_forms_token(clinic: Clinic, lost: Delivery) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user("olu", clinic, "ops"))
    emr = f"/ops/engine/{lost.destination_id}/"
    for path in ("/ops/engine/find/", f"{emr}pause/", f"{emr}resend/", address(lost)):
        assert client.post(path, {"verb": "resend", "reason": "x"}).status_code == 403
    assert not EngineEvent.objects.exists()


def test_patients_are_on_no_page_until_somebody_looks(
    clinic: Clinic, lost: Delivery, caplog: pytest.LogCaptureFixture
) -> None:
    client = member(clinic, "ops")
    shown = "".join(client.get(path).content.decode() for path in every_page(lost))
    for datum in ("Planted", "1931", "0143", f">{lost.visit.ticket}<"):
        assert datum not in shown
    assert "Planted" not in caplog.text


def test_look_is_written_down_before_and_shown_once(
    clinic: Clinic, lost: Delivery, caplog: pytest.LogCaptureFixture
) -> None:
    client = member(clinic, "ops")
    answer = look(client, lost)
    assert GIVEN in answer.content.decode() and "no-store" in answer["Cache-Control"]
    assert answer.redirect_chain == [], "shown in this answer, at an address that tells nothing"
    event = EngineEvent.objects.get()
    assert (event.verb, event.delivery, event.reason) == ("reveal", lost, "they ask for the name")
    after = client.get(address(lost)).content.decode()
    assert GIVEN not in after and "Patient data looked at" in after
    assert "Planted" not in caplog.text and "Planted" not in str(dict(client.session))


def test_nothing_is_shown_when_the_look_cannot_be_written_down(
    clinic: Clinic, lost: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = member(clinic, "ops")
    assert GIVEN not in look(client, lost, " ").content.decode()

    def fail(*_words: Any, **_more: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(service, "_note", fail)
    client.raise_request_exception = False
    answer = look(client, lost)
    assert answer.status_code == 500 and GIVEN not in answer.content.decode()


# --- Fresh by itself ---------------------------------------------------------------------------------------------


def part(client: Client, path: str, etag: str = "") -> Any:
    return client.get(path, headers={"X-Part": "1", **({"If-None-Match": etag} if etag else {})})


@pytest.mark.parametrize("which", ["/ops/engine/", "/ops/engine/{}/"])
def test_live_part_is_304_until_something_changes(clinic: Clinic, emr: Destination, which: str) -> None:
    client, path = member(clinic, "ops"), which.format(emr.pk)
    whole = client.get(path)
    found = re.search(r'data-etag="([^"]*)"', whole.content.decode())
    assert found and found[1].replace("&quot;", '"') == whole["ETag"]
    assert part(client, path, f"W/{whole['ETag']}").status_code == 304
    owe(clinic)
    changed = part(client, path, whole["ETag"])
    assert changed.status_code == 200 and b"<html" not in changed.content and b"<dd>1</dd>" in changed.content
    assert part(client, path, changed["ETag"]).status_code == 304
    Delivery.objects.update(created_at=timezone.now() - timedelta(minutes=7))
    assert part(client, path, changed["ETag"]).status_code == 200, "the age has changed"


def test_live_part_is_of_one_person_and_one_address(clinic: Clinic, emr: Destination) -> None:
    ada, olu = logged_in(make_user("ada", clinic, "ops")), member(clinic, "ops")
    etags = {part(one, f"/ops/engine/{query}")["ETag"] for one in (ada, olu) for query in ("", "?find=Record")}
    assert len(etags) == 4


def test_many_destinations_are_paged_and_found_by_name(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clinic.presenters.engine.PER_PAGE", 2)
    for n in range(5):
        make_destination(clinic, name=f"System {n}")
    client = member(clinic, "ops")
    shown = client.get("/ops/engine/?page=2").content.decode()
    assert re.findall(r"System \d(?=</a>)", shown) == ["System 2", "System 3"] and "Page 2 of 3, 5 in all" in shown
    assert re.findall(r"System \d(?=</a>)", client.get("/ops/engine/?find=harb+4").content.decode()) == [
        "System 4"
    ]
    assert "None has such a name" in client.get("/ops/engine/?find=nowhere&page=99").content.decode()


def test_ops_page_leads_here(clinic: Clinic) -> None:
    assert b'href="/ops/engine/"' in member(clinic, "ops").get("/ops/").content


@pytest.mark.parametrize(("role", "leads"), [("manager", True), ("clerk", False)])
def test_desk_leads_managers_here_and_back(clinic: Clinic, role: str, leads: bool) -> None:
    client = member(clinic, role)
    assert (b'href="/ops/engine/"' in client.get("/desk/").content) is leads
    if leads:
        assert b'href="/desk/"' in client.get("/ops/engine/").content
