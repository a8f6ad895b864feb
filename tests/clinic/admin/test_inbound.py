from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from clinic.models import Clinic, InboundMessage
from tests.clinic.admin.rig import act, page
from tests.clinic.inbound.messages import siu, tell

pytestmark = pytest.mark.django_db


@pytest.fixture
def refused(harbor: Clinic) -> InboundMessage:
    tell(siu(timezone.now() + timedelta(hours=1), name="Planted^Bob", born=""))
    return InboundMessage.objects.get()


def test_list_says_why_and_keeps_the_text_to_itself(manager: Client, refused: InboundMessage) -> None:
    pages = [
        manager.get(address).content.decode()
        for address in (page("inboundmessage", "changelist"), page("inboundmessage", "change", refused.pk))
    ]
    assert "Planted" in refused.text
    assert all("PID-7 is empty" in text and "MSG1" in text and "Planted" not in text for text in pages)
    assert manager.post(page("inboundmessage", "change", refused.pk), {"reason": "x"}).status_code == 403
    assert manager.get(page("inboundmessage", "delete", refused.pk)).status_code == 403


def test_who_reviewed_it_is_noted_once(
    manager: Client, superuser: Client, mo: User, refused: InboundMessage
) -> None:
    assert "1 marked" in act(manager, "inboundmessage", "mark_reviewed", refused).content.decode()
    assert "0 marked" in act(superuser, "inboundmessage", "mark_reviewed", refused).content.decode()
    refused.refresh_from_db()
    assert refused.reviewed_by == mo and refused.reviewed_at
    unseen = {"reviewed_at__isempty": "1"}
    assert "MSG1" not in manager.get(page("inboundmessage", "changelist"), unseen).content.decode()


def test_what_names_no_clinic_is_for_superusers(manager: Client, superuser: Client, harbor: Clinic) -> None:
    tell(siu(timezone.now(), facility="nowhere", control_id="LOST"))
    lists = [one.get(page("inboundmessage", "changelist")).content.decode() for one in (manager, superuser)]
    assert ["LOST" in text for text in lists] == [False, True]
