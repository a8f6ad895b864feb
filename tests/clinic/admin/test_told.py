"""What is done in the admin is told: which fields, and which role; and each look at a patient's record."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from clinic import audit
from clinic.models import AuditEvent, Clinic, Membership, Room
from clinic.states import Lane
from tests.clinic.admin.rig import act, clinic_form, logged_in, page
from tests.clinic.audit.told import told
from tests.factories import make_device, make_user, make_visit

pytestmark = pytest.mark.django_db


def rooms_form(harbor: Clinic, *rooms: dict[str, Any]) -> dict[str, Any]:
    said = {"rooms-TOTAL_FORMS": len(rooms), "rooms-INITIAL_FORMS": sum("id" in room for room in rooms)}
    for number, room in enumerate(rooms):
        said |= {f"rooms-{number}-{name}": value for name, value in {"clinic": harbor.pk, **room}.items()}
    return clinic_form(harbor, **said)


def test_clinic_and_its_rooms(harbor: Clinic, manager: Client) -> None:
    first, second = Room.objects.order_by("pk")
    said = rooms_form(
        harbor,
        {"id": first.pk, "name": "Canaryname's", "position": 0},
        {"id": second.pk, "name": second.name, "position": 1, "DELETE": "on"},
        {"name": "Room 9", "position": 2},
    )
    answer = manager.post(page("clinic", "change", harbor.pk), said | {"name": "Canaryname"})
    assert answer.status_code == 302
    made = Room.objects.get(name="Room 9")
    assert told(harbor.pk, "actor", "object_id", "detail") == [
        ("clinic.change", "mo", str(harbor.pk), {"fields": "name"}),
        ("room.add", "mo", str(made.pk), {}),
        ("room.change", "mo", str(first.pk), {"fields": "name"}),
        ("room.remove", "mo", "", {}),
    ]
    assert "anaryname" not in str(list(AuditEvent.objects.values()))


def test_hours(harbor: Clinic, manager: Client) -> None:
    hours = {"TOTAL_FORMS": 1, "0-clinic": harbor.pk, "0-weekday": 0, "0-opens": "08:00", "0-closes": "18:00"}
    said = clinic_form(harbor, **{f"hours-{name}": value for name, value in hours.items()})
    assert manager.post(page("clinic", "change", harbor.pk), said).status_code == 302
    assert told(harbor.pk) == ["hours.add"]


def test_membership_with_its_role_and_person(harbor: Clinic, manager: Client) -> None:
    ben = make_user("ben")
    manager.post(page("membership", "add"), {"clinic": harbor.pk, "user": ben.pk, "role": "clerk"})
    member = Membership.objects.get(user=ben)
    manager.post(page("membership", "change", member.pk), {"role": "manager"})
    manager.post(page("membership", "delete", member.pk), {"post": "yes"})
    assert told(harbor.pk, "object_id", "detail") == [
        ("membership.add", str(member.pk), {"role": "clerk", "user": "ben"}),
        ("membership.change", str(member.pk), {"role": "manager", "user": "ben", "fields": "role"}),
        ("membership.remove", str(member.pk), {"role": "manager", "user": "ben"}),
    ]


def test_members_removed_together(harbor: Clinic, manager: Client) -> None:
    members = [Membership.objects.get(user=make_user(name, harbor)) for name in ("ben", "cleo")]
    act(manager, "membership", "delete_selected", *members, post="yes")
    assert told(harbor.pk) == ["membership.remove"] * 2


def test_person_and_password_in_the_chains_of_all_their_clinics(harbor: Clinic, superuser: Client) -> None:
    ben = make_user("ben", harbor)
    said = {"password1": "a much longer one", "password2": "a much longer one", "usable_password": "true"}
    assert superuser.post(f"/admin/auth/user/{ben.pk}/password/", said).status_code == 302
    assert superuser.post(f"/admin/auth/user/{ben.pk}/password/", said | {"password2": ""}).status_code == 200
    expected = [("user.change", "admin", {"user": "ben", "to": "is_active", "fields": "password"})]
    assert told(harbor.pk, "actor", "detail") == told(audit.SYSTEM, "actor", "detail") == expected
    assert "much longer" not in str(list(AuditEvent.objects.values()))


def test_new_person_and_group_in_the_systems_chain(superuser: Client) -> None:
    said = {"username": "cleo", "password1": "a much longer one", "password2": "a much longer one"}
    assert superuser.post("/admin/auth/user/add/", said | {"usable_password": "true"}).status_code == 302
    assert superuser.post("/admin/auth/group/add/", {"name": "night"}).status_code == 302
    group = Group.objects.get()
    assert told(audit.SYSTEM, "object_kind", "object_id") == [
        ("user.add", "user", str(User.objects.get(username="cleo").pk)),
        ("group.add", "group", str(group.pk)),
    ]


def test_device_that_is_locked_out(harbor: Clinic, manager: Client) -> None:
    device, _token = make_device(harbor)
    act(manager, "device", "revoke", device)
    assert told(harbor.pk, "actor") == [("device.revoke", "mo")]


def test_what_a_form_refused_is_not_told(harbor: Clinic, manager: Client) -> None:
    assert manager.post(page("clinic", "change", harbor.pk), clinic_form(harbor, name="")).status_code == 200
    assert told(harbor.pk) == []


def test_each_look_at_a_visit_is_told_and_lists_are_no_looks(harbor: Clinic, manager: Client) -> None:
    visit = make_visit(harbor)
    manager.get(page("visit", "changelist"))
    assert told(harbor.pk) == ["visit.check-in"]
    for what in ("change", "change", "history"):
        assert manager.get(page("visit", what, visit.pk)).status_code == 200
    looks = told(harbor.pk, "actor", "object_id")[1:]
    assert looks == [("visit.look", "mo", str(visit.public_id))] * 3


def test_no_look_at_what_one_may_not_see(harbor: Clinic) -> None:
    visit = make_visit(harbor)
    stranger = logged_in(make_user("eve", None, is_staff=True))
    assert stranger.get(page("visit", "change", visit.pk)).status_code in (302, 403, 404)
    assert "visit.look" not in told(harbor.pk)


def test_lane_that_a_manager_changes(harbor: Clinic, manager: Client) -> None:
    visit = make_visit(harbor)
    said = {"lane": Lane.PRIORITY, "events-TOTAL_FORMS": 0, "events-INITIAL_FORMS": 0}
    manager.post(page("visit", "change", visit.pk), said)
    assert told(harbor.pk, "actor")[1:] == [("visit.move", "mo")]


def test_job_queues_that_an_operator_empties(superuser: Client, live_redis: Any) -> None:
    pages = "/admin/django_rq/dashboard/queues/"
    superuser.get("/admin/django_rq/dashboard/")
    superuser.post(f"{pages}confirm-action/0/", {"action": "delete", "_selected_action": ["x"]})
    superuser.post(f"{pages}77/empty/")
    assert told(audit.SYSTEM) == []
    assert superuser.post(f"{pages}0/empty/").status_code == 302
    superuser.post(f"{pages}actions/3/", {"action": "requeue", "job_ids": ["x"]})
    assert told(audit.SYSTEM, "actor", "object_id", "detail") == [
        ("jobs.change", "admin", "default", {"kind": "clear"}),
        ("jobs.change", "admin", "low", {"kind": "requeue"}),
    ]
