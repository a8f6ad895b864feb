from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from clinic.models import Clinic, Delivery, Destination, HelpRequest
from clinic.services import ask_for_help, destinations
from tests.clinic.admin.rig import page
from tests.factories import make_destination, make_device, make_visit

pytestmark = pytest.mark.django_db


def destination_form(clinic: Clinic, secret: str = "") -> dict[str, Any]:
    return {"clinic": clinic.pk, "name": "EMR", "kind": "webhook", "url": "https://emr.example/", "secret": secret,
            "seconds": 5}  # fmt: skip


def test_new_destination_gets_a_secret_that_is_shown_once(manager: Client, harbor: Clinic) -> None:
    shown = manager.post(page("destination", "add"), destination_form(harbor), follow=True).content.decode()
    made = Destination.objects.get()
    assert destinations.is_secret(made.secret)
    assert made.secret in shown.replace("&#x2B;", "+").replace("&#x3D;", "=")
    again = manager.get(page("destination", "change", made.pk)).content.decode()
    assert made.secret.removeprefix("whsec_")[:12] not in again


def test_empty_secret_keeps_the_old_one(manager: Client, harbor: Clinic) -> None:
    made = make_destination(harbor)
    manager.post(page("destination", "change", made.pk), destination_form(harbor) | {"seconds": 9})
    again = Destination.objects.get()
    assert (again.secret, again.seconds) == (made.secret, 9)


@pytest.mark.parametrize("secret", ["hunter2", "whsec_c2hvcnQ=", "whsec_not base64!", "c2VjcmV0" * 5])
def test_poor_secret_is_refused(manager: Client, harbor: Clinic, secret: str) -> None:
    answer = manager.post(page("destination", "add"), destination_form(harbor, secret)).content.decode()
    assert "24 bytes or more" in answer
    assert not Destination.objects.exists()


def test_deliveries_are_read_only_and_keep_their_body_to_themselves(manager: Client, harbor: Clinic) -> None:
    make_destination(harbor)
    make_visit(harbor, family="Planted")
    delivery = Delivery.objects.get()
    assert "Planted" in delivery.body
    shown = manager.get(page("delivery", "change", delivery.pk)).content.decode()
    assert delivery.key in shown
    assert "Planted" not in shown
    assert manager.post(page("delivery", "change", delivery.pk), {"state": "dead"}).status_code == 403
    assert manager.get(page("delivery", "delete", delivery.pk)).status_code == 403


def test_deliveries_are_filtered_by_state(manager: Client, harbor: Clinic) -> None:
    make_destination(harbor)
    make_visit(harbor)
    key = Delivery.objects.get().key
    lists = [manager.get(page("delivery", "changelist"), {"state__exact": s}) for s in ("pending", "dead")]
    assert [key in answer.content.decode() for answer in lists] == [True, False]


def test_help_requests_are_read_only(manager: Client, harbor: Clinic) -> None:
    row = ask_for_help(harbor, make_device(harbor)[0])
    assert manager.get(page("helprequest", "change", row.pk)).status_code == 200
    assert manager.post(page("helprequest", "change", row.pk), {}).status_code == 403
    assert HelpRequest.objects.get().taken_at is None
