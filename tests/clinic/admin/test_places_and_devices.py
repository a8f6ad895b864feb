from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from clinic.models import Clinic, Membership
from tests.clinic.admin.rig import act, clinic_form, page, version
from tests.factories import make_clinic, make_device

pytestmark = pytest.mark.django_db


def test_new_clinic_gets_a_topic(superuser: Client) -> None:
    new = Clinic(name="Bay", slug="bay")
    assert superuser.post(page("clinic", "add"), clinic_form(new)).status_code == 302
    assert re.fullmatch("[a-z2-7]{26}", Clinic.objects.get(slug="bay").topic.name)


def test_manager_may_not_make_clinics(manager: Client) -> None:
    assert manager.get(page("clinic", "add")).status_code == 403


def test_change_of_rooms_raises_the_version_once(manager: Client, harbor: Clinic) -> None:
    before = version(harbor)
    room = {"rooms-TOTAL_FORMS": 1, "rooms-0-name": "Room 9", "rooms-0-position": 9, "rooms-0-clinic": harbor.pk}
    assert manager.post(page("clinic", "change", harbor.pk), clinic_form(harbor, **room)).status_code == 302
    assert harbor.rooms.filter(name="Room 9").exists()
    assert version(harbor) == before + 1


def test_a_week_of_opening_hours_fits_into_one_form(manager: Client, harbor: Clinic) -> None:
    halves = [(day, *half) for day in range(7) for half in (("08:00", "12:00"), ("13:00", "20:00"))]
    said = {"hours-TOTAL_FORMS": len(halves)}
    for n, (day, opens, closes) in enumerate(halves):
        row = {"id": "", "clinic": harbor.pk, "weekday": day, "opens": opens, "closes": closes}
        said |= {f"hours-{n}-{name}": value for name, value in row.items()}
    assert manager.post(page("clinic", "change", harbor.pk), clinic_form(harbor, **said)).status_code == 302
    assert harbor.hours.count() == 14


def test_revoked_device_is_locked_out(manager: Client, harbor: Clinic) -> None:
    device, _token = make_device(harbor)
    act(manager, "device", "revoke", device)
    device.refresh_from_db()
    assert device.token_hash == ""
    assert device.revoked_at is not None


def test_device_stays_with_its_clinic(manager: Client, harbor: Clinic, mo: User) -> None:
    second = make_clinic("second")
    Membership.objects.create(user=mo, clinic=second, role="manager")
    device, _token = make_device(harbor)
    manager.post(page("device", "change", device.pk), {"name": "Left", "clinic": second.pk, "kind": "monitor"})
    device.refresh_from_db()
    assert (device.name, device.clinic, device.kind) == ("Left", harbor, "kiosk")
