from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client

from clinic.models import AuditEvent, Clinic, Membership, StaffSession
from tests.clinic.sessions.log_ins import is_in, send_password, set_up
from tests.factories import make_clinic, make_user

pytestmark = pytest.mark.django_db
AUDIT_PAGE = "/audit/"


def told() -> list[tuple[str, str, dict[str, Any]]]:
    rows = AuditEvent.objects.order_by("pk")
    return [(row.action, row.actor, row.detail) for row in rows]


def test_clerk_lands_at_the_desk_and_the_audit_knows(harbor: Clinic, ana: User) -> None:
    client = Client()
    assert send_password(client, "ana")["Location"] == "/desk/"
    assert client.get("/desk/").status_code == 200
    assert client.post("/logout/")["Location"] == "/login/"
    assert client.get("/desk/")["Location"] == "/login/?next=/desk/"
    assert told() == [("login.in", "ana", {}), ("login.out", "ana", {})]
    assert set(AuditEvent.objects.values_list("chain", flat=True)) == {harbor.pk}


@pytest.mark.parametrize(
    ("role", "address"), [("clerk", "/desk/"), ("manager", "/desk/"), ("ops", "/ops/"), ("auditor", AUDIT_PAGE)]
)
def test_each_role_lands_where_its_work_is(harbor: Clinic, client: Client, role: str, address: str) -> None:
    client.force_login(make_user("mo", harbor, role))
    assert client.get("/").status_code == 302 and client.get("/")["Location"] == address


def test_superuser_of_no_clinic_lands_in_the_admin(client: Client) -> None:
    client.force_login(make_user("root", is_staff=True, is_superuser=True))
    assert client.get("/")["Location"] == "/admin/"


@pytest.mark.parametrize("role", ["ops", "auditor"])
@pytest.mark.parametrize("address", ["/desk/", "/desk/board/", "/desk/alarms/", "/desk/devices/", "/desk/day/"])
def test_desk_is_for_those_who_work_there(harbor: Clinic, client: Client, role: str, address: str) -> None:
    client.force_login(make_user("olu", harbor, role))
    assert client.get(address).status_code == 404


def test_who_is_clerk_here_and_ops_there_sees_the_desk_here_alone(client: Client, harbor: Clinic) -> None:
    mo, hill = make_user("mo", harbor), make_clinic("hill")
    Membership.objects.create(user=mo, clinic=hill, role="ops")
    client.force_login(mo)
    page = client.get("/desk/?clinic=hill")
    assert page.status_code == 200 and page.context["clinic"] == harbor and page.context["others"] == []
    assert client.get("/desk/?at=hill").status_code == 404


@pytest.mark.parametrize(
    "wanted",
    ["https://evil.example/", "//evil.example/desk/", "javascript:alert(1)", "null", "desk:desk", "\\\\evil"],
)
def test_log_in_leads_to_no_other_site(ana: User, wanted: str) -> None:
    assert send_password(Client(), "ana", next=wanted)["Location"] == "/desk/"


def test_admin_has_no_door_of_its_own(client: Client) -> None:
    assert client.get("/admin/")["Location"] == "/admin/login/?next=/admin/"
    assert client.get("/admin/login/?next=/admin/")["Location"] == "/login/?next=/admin/"
    assert client.post("/admin/login/", {"username": "root", "password": "x"})["Location"].startswith("/login/")


def test_log_out_by_the_admin_is_the_same_one(client: Client, harbor: Clinic) -> None:
    client.force_login(make_user("mo", harbor, "manager", is_staff=True))
    assert client.get("/admin/logout/").status_code == 405
    assert client.post("/admin/logout/")["Location"] == "/login/"
    assert [action for action, *_rest in told()] == ["login.out"] and not StaffSession.objects.exists()


def test_name_that_nobody_has_is_not_written_down(harbor: Clinic, ana: User) -> None:
    send_password(Client(), "pw-of-ana", "ana")
    send_password(Client(), "ana", "wrong")
    send_password(Client(), "a" * 1000, "wrong")
    assert told() == [("login.fail", "", {"why": "password"})] * 3
    assert [(row.chain, row.object_id) for row in AuditEvent.objects.order_by("pk")] == [
        (0, ""),
        (harbor.pk, str(ana.pk)),
        (0, ""),
    ]


def test_who_may_not_work_here_any_more_hears_what_strangers_hear(ana: User) -> None:
    User.objects.update(is_active=False)
    page, strangers = send_password(Client(), "ana"), send_password(Client(), "nobody", "pw-of-ana")
    plain = [
        one.content.decode().replace("nobody", "ana").split("csrfmiddlewaretoken")[0] for one in (page, strangers)
    ]
    assert plain[0] == plain[1] and "do not match" in plain[0]


def test_session_of_before_the_log_in_is_not_the_one_after(ana: User) -> None:
    client = Client()
    client.get("/desk/")
    session = client.session
    session["x"] = 1
    session.save()
    before = client.session.session_key
    send_password(client, "ana")
    assert is_in(client) and client.session.session_key != before


def test_second_log_in_begins_anew(harbor: Clinic) -> None:
    mo, client = make_user("mo", harbor, "manager"), Client()
    set_up(client, mo)
    key = client.session.session_key
    assert send_password(client, "mo")["Location"] == "/login/code/"
    assert not is_in(client) and client.session.session_key != key and StaffSession.objects.count() == 1


def test_own_password_is_changed_and_told(harbor: Clinic) -> None:
    client, mo = Client(), make_user("mo", harbor, "manager", is_staff=True)
    client.force_login(mo)
    said = {"old_password": "pw-of-mo", "new_password1": "a much longer one", "new_password2": "a much longer one"}
    assert client.post("/admin/password_change/", said | {"old_password": "wrong"}).status_code == 200
    assert told() == []
    assert client.post("/admin/password_change/", said)["Location"] == "/admin/password_change/done/"
    assert is_in(client) and told() == [("login.password", "mo", {})]
    Client().post("/admin/password_change/", said)
    assert len(told()) == 1 and set(AuditEvent.objects.values_list("chain", flat=True)) == {harbor.pk}


def test_what_a_shell_does_to_passwords_is_told(
    harbor: Clinic, ana: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "admin-of-the-machine")
    monkeypatch.setattr("getpass.getpass", lambda prompt: "a much longer one")
    call_command("changepassword", "ana", stdout=StringIO())
    call_command("createsuperuser", username="root", email="", interactive=False, stdout=StringIO())
    rows = AuditEvent.objects.order_by("pk").values_list("chain", "action", "actor_kind", "actor", "object_id")
    root = User.objects.get(username="root")
    assert list(rows) == [
        (harbor.pk, "login.password", "shell", "admin-of-the-machine", str(ana.pk)),
        (0, "user.add", "shell", "admin-of-the-machine", str(root.pk)),
    ]


def test_password_that_is_only_hashed_anew_is_not_told(ana: User, settings: Any) -> None:
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.ScryptPasswordHasher",
        "django.contrib.auth.hashers.MD5PasswordHasher",
    ]
    client = Client()
    send_password(client, "ana")
    assert User.objects.get().password.startswith("scrypt") and [row[0] for row in told()] == ["login.in"]
