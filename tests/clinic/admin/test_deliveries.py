from __future__ import annotations

import pytest
from django.test import Client

from clinic.models import Clinic, Delivery, HelpRequest
from clinic.services import ask_for_help
from tests.clinic.admin.rig import page
from tests.factories import make_destination, make_device, make_visit

pytestmark = pytest.mark.django_db


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
