"""What the engine's pages do with what is asked of them: further pages, ranges, refusals, finds, links."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from clinic.models import Clinic, Delivery, Destination
from clinic.services import Actor, deliveries
from clinic.states import Verb
from tests.clinic.engine_states import given_up
from tests.clinic.owed import owe, row
from tests.clinic.views.desk_pages import logged_in
from tests.factories import make_clinic, make_destination, make_user

pytestmark = pytest.mark.django_db


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


def at(one: Delivery | Destination) -> str:
    if isinstance(one, Destination):
        return f"/ops/engine/{one.pk}/"
    return f"/ops/engine/{one.destination_id}/{one.key}/"


def test_further_in_a_visit_stays_in_the_visit(
    olu: Client, clinic: Clinic, emr: Destination, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clinic.presenters.engine_rows.PER_PAGE", 1)
    first, second = (row(pk) for pk in owe(clinic, Verb.CALL))
    owe(clinic)
    further = re.search(r'href="([^"]*)">Further', page(olu, f"{at(emr)}?visit={first.key}"))
    assert further is not None
    shown = page(olu, at(emr) + further[1].replace("&amp;", "&"))
    assert re.findall(r'<tr id="row-(\w+)"', shown) == [second.key] and ">Further" not in shown


@pytest.mark.parametrize("since", ["2026-03-01T10:00+02:00", "2026-03-01T10:00Z"])
def test_time_with_an_offset_is_refused_not_read_as_utc(olu: Client, emr: Destination, since: str) -> None:
    assert "not a date" in page(olu, f"{at(emr)}resend/?since={since.replace('+', '%2B')}")


def test_visit_that_several_systems_heard_of_leads_to_each(olu: Client, clinic: Clinic, emr: Destination) -> None:
    lab, elsewhere = make_destination(clinic, name="Laboratory"), make_clinic("inland")
    make_destination(elsewhere, name="Foreign")
    first = row(owe(clinic)[0])
    shown = olu.post("/ops/engine/find/", {"id": str(first.visit.public_id)}).content.decode()
    keys = {one.destination_id: one.key for one in first.visit.deliveries.all()}
    found = re.findall(r'<li><a href="([^"]*)">([^<]*)</a>', shown)
    names = [(lab, "Laboratory"), (emr, "Record system")]
    assert found == [(f"{at(one)}?visit={keys[one.pk]}", name) for one, name in names]


@pytest.mark.parametrize(("role", "leads"), [("manager", True), ("ops", False)])
def test_set_up_is_offered_to_those_whom_the_admin_lets_in(
    clinic: Clinic, emr: Destination, role: str, leads: bool
) -> None:
    client = logged_in(make_user("mia", clinic, role, is_staff=True))
    assert (f"/clinic/destination/{emr.pk}/change/" in page(client, at(emr))) is leads


def test_ops_of_one_clinic_is_not_led_to_a_page_of_another(olu: Client, clinic: Clinic, emr: Destination) -> None:
    given_up(clinic, emr)
    assert f'href="{at(emr)}"' in page(olu, "/ops/") and "ask its manager" not in page(olu, "/ops/")
    other = logged_in(make_user("ota", make_clinic("inland"), "ops"))
    shown = page(other, "/ops/")
    assert "Record system" in shown and "(ask its manager)" in shown and at(emr) not in shown


def refused(client: Client, address: str, form: dict[str, str]) -> str:
    answer = client.post(address, form)
    assert answer.status_code == 422
    return answer.content.decode()


def test_refused_pause_keeps_the_reason(olu: Client, emr: Destination) -> None:
    address, form = f"{at(emr)}pause/", {"verb": "pause", "reason": "they move house"}
    olu.post(address, form)
    shown = refused(olu, address, form)
    assert "is paused already" in shown and 'value="they move house"' in shown
    assert f'id="pause-{emr.pk}" open' in shown and f'data-address="{at(emr)}"' in shown
    assert olu.get(f"{address}?state=dead")["Location"] == f"{at(emr)}?state=dead"
    assert olu.get(address)["Location"] == at(emr)


@pytest.mark.parametrize(("verb", "field"), [("resend", "why"), ("skip", "why"), ("reveal", "why-reveal")])
def test_refused_act_keeps_the_reason(
    olu: Client, clinic: Clinic, emr: Destination, verb: str, field: str
) -> None:
    lost, reason = given_up(clinic, emr), "mended" if verb != "reveal" else "  "
    form = {"verb": verb, "reason": reason, "seen": "1", "state": "dead"}
    shown = refused(olu, at(lost), form)
    assert f'id="{field}" name="reason" maxlength="200" value="{reason}"' in shown
    assert shown.count(f'value="{reason}"') == 1


def test_refused_range_keeps_the_reason_and_the_range(olu: Client, clinic: Clinic, emr: Destination) -> None:
    given_up(clinic, emr)
    deliveries.skip(given_up(clinic, emr), by=Actor(), reason="known", seen=3)
    form = {"since": "2020-01-01T10:00", "until": "", "delivered": "1", "reason": "mended", "latest": "0"}
    shown = refused(olu, f"{at(emr)}resend/", form)
    assert (
        "was first" in shown
        and 'value="mended"' in shown
        and shown.count('value="2020-01-01T10:00"') == 2
        and " checked" in shown
    )
