from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from clinic.models import Clinic, Delivery, Destination, Device, Membership, Visit
from clinic.services import ask_for_help
from clinic.states import Lane
from tests.clinic.admin.rig import logged_in, page
from tests.factories import make_destination, make_device, make_user, make_visit

pytestmark = pytest.mark.django_db


MODELS = ["clinic", "device", "membership", "destination", "delivery", "visit", "helprequest"]


@pytest.mark.parametrize("model", MODELS)
def test_every_list_opens_for_a_manager_and_for_nobody_else(model: str, manager: Client, harbor: Clinic) -> None:
    clerk = logged_in(make_user("ana", harbor, is_staff=True))
    outsider = logged_in(make_user("ben", harbor, "manager"))
    assert manager.get(page(model, "changelist")).status_code == 200
    assert clerk.get(page(model, "changelist")).status_code == 403
    assert outsider.get(page(model, "changelist")).status_code == 302


def test_manager_sees_only_the_rows_of_own_clinics(manager: Client, harbor: Clinic, hill: Clinic) -> None:
    for clinic in (harbor, hill):
        make_device(clinic, name=f"Door of {clinic.slug}")
    text = manager.get(page("device", "changelist")).content.decode()
    assert "Door of harbor" in text
    assert "Door of hill" not in text
    assert "Hill" not in text


def test_manager_cannot_open_another_clinics_rows(manager: Client, harbor: Clinic, hill: Clinic) -> None:
    make_destination(hill)
    rows = {
        "clinic": hill,
        "device": make_device(hill)[0],
        "visit": make_visit(hill),
        "destination": Destination.objects.get(),
        "delivery": Delivery.objects.get(),
        "helprequest": ask_for_help(hill, None),
        "membership": Membership.objects.create(user=make_user("hana"), clinic=hill),
    }
    for model, row in rows.items():
        assert manager.get(page(model, "change", row.pk)).status_code == 302, model
    assert manager.post(page("visit", "change", rows["visit"].pk), {"lane": "quick"}).status_code == 302
    assert Visit.objects.get().lane == Lane.STANDARD


def test_manager_cannot_add_to_another_clinic(manager: Client, harbor: Clinic, hill: Clinic) -> None:
    said = {"clinic": hill.pk, "kind": "kiosk", "name": "Door"}
    answer = manager.post(page("device", "add"), said)
    assert "Select a valid choice" in answer.content.decode()
    assert manager.post(page("device", "add"), said | {"clinic": harbor.pk}).status_code == 302
    assert Device.objects.get().clinic == harbor


def test_manager_makes_members_of_own_people_and_of_new_ones_only(
    manager: Client, harbor: Clinic, hill: Clinic
) -> None:
    make_user("hana", hill)
    make_user("root", is_superuser=True)
    new = make_user("nia")
    form = manager.get(page("membership", "add")).context["adminform"].form
    assert {user.username for user in form.fields["user"].queryset} == {"mo", "nia"}
    manager.post(page("membership", "add"), {"user": new.pk, "clinic": harbor.pk, "role": "clerk"})
    assert Membership.objects.get(user=new).role == "clerk"


def test_manager_cannot_give_ops_which_is_a_right_over_all_clinics(manager: Client, harbor: Clinic) -> None:
    new = make_user("nina")
    answer = manager.post(page("membership", "add"), {"user": new.pk, "clinic": harbor.pk, "role": "ops"})
    assert "is not one of the available choices" in answer.content.decode()
    assert not new.memberships.exists()


def test_manager_reaches_neither_users_nor_memberships_of_superusers(manager: Client, harbor: Clinic) -> None:
    root = make_user("root", harbor, "manager", is_superuser=True)
    assert manager.get(reverse("admin:auth_user_changelist")).status_code == 403
    assert manager.get(page("membership", "change", root.memberships.get().pk)).status_code == 302


def test_superuser_sees_all_clinics_and_memberships_of_a_person(superuser: Client, hill: Clinic) -> None:
    hana = make_user("hana", hill)
    assert "Hill" in superuser.get(page("clinic", "changelist")).content.decode()
    assert "Hill" in superuser.get(reverse("admin:auth_user_change", args=[hana.pk])).content.decode()


@pytest.mark.parametrize(
    ("model", "lookup"),
    [
        ("destination", "sealed_secrets__startswith"),
        ("device", "token_hash__startswith"),
        ("visit", "family_name"),
    ],
)
def test_lists_take_no_lookup_but_their_filters(superuser: Client, model: str, lookup: str) -> None:
    assert superuser.get(page(model, "changelist"), {lookup: "w"}).status_code == 400
