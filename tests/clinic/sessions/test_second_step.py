from __future__ import annotations

import re
from io import StringIO

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from clinic import audit
from clinic.models import AuditEvent, Clinic, Membership, PaperCodes, PhoneKey
from clinic.services import second_step
from tests.clinic.conftest import Clock
from tests.clinic.sessions.log_ins import code_of, is_in, send_password, set_up
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def mo(harbor: Clinic) -> User:
    return make_user("mo", harbor, "manager", is_staff=True)


def log_in(client: Client, user: User, code: str) -> bool:
    send_password(client, user.username)
    client.post("/login/code/", {"code": code})
    return is_in(client)


@pytest.mark.parametrize("role", ["manager", "ops", "auditor"])
def test_roles_above_the_desk_need_it(harbor: Clinic, role: str) -> None:
    client, user = Client(), make_user("mo", harbor, role)
    assert len(set_up(client, user)) == 10
    assert is_in(client) and second_step.has(user)
    assert list(AuditEvent.objects.order_by("pk").values_list("action", flat=True)) == [
        "login.set-up",
        "login.in",
    ]


def test_password_alone_opens_nothing(mo: User) -> None:
    client = Client()
    send_password(client, "mo")
    assert not is_in(client)
    for address in ("/desk/", "/ops/engine/", "/admin/"):
        assert "login/?next=" in client.get(address)["Location"]
    assert not is_in(client)


def test_superusers_need_it_and_clerks_do_not(ana: User) -> None:
    root = make_user("root", is_superuser=True)
    assert second_step.is_needed(root) and not second_step.is_needed(ana)


def test_seeded_people_of_a_demo_do_not_need_it(harbor: Clinic, mo: User, settings: object) -> None:
    settings.DEMO = True  # type: ignore[attr-defined]
    assert not second_step.is_needed(mo)
    assert second_step.is_needed(make_user("other", harbor, "manager"))


def test_code_of_the_phone_opens_once(mo: User) -> None:
    set_up(Client(), mo)
    code = code_of(mo, ahead=1)
    assert log_in(Client(), mo, code)
    assert not log_in(Client(), mo, code)


def test_code_on_paper_opens_once_however_it_is_written(mo: User) -> None:
    codes = set_up(Client(), mo)
    assert log_in(Client(), mo, f" {codes[0].upper()} ")
    assert not log_in(Client(), mo, codes[0])
    assert len(PaperCodes.objects.get().digests) == 9


def test_wrong_codes_are_slowed_down_and_told(mo: User, clock: Clock) -> None:
    set_up(Client(), mo)
    good, client = code_of(mo, ahead=1), Client()
    send_password(client, "mo")
    page = client.post("/login/code/", {"code": "000000"})
    assert "does not fit" in page.content.decode()
    client.post("/login/code/", {"code": good})
    assert not is_in(client), "too soon after a wrong one"
    clock.add(seconds=5)
    client.post("/login/code/", {"code": good})
    assert is_in(client)
    assert AuditEvent.objects.filter(action="login.fail", detail__why="code").count() == 2


@pytest.mark.parametrize("code", ["", "12345", "abc", "\uff19" * 6, "1" * 41, "0x1234", "-12345"])
def test_what_is_no_code_is_refused(mo: User, code: str) -> None:
    set_up(Client(), mo)
    assert not log_in(Client(), mo, code)


def test_half_a_log_in_lives_for_five_minutes(mo: User, clock: Clock) -> None:
    codes = set_up(Client(), mo)
    client = Client()
    send_password(client, "mo")
    clock.add(minutes=5, seconds=1)
    assert client.get("/login/code/")["Location"] == "/login/"
    assert client.post("/login/code/", {"code": codes[0]})["Location"] == "/login/" and not is_in(client)


@pytest.mark.parametrize("change", [{"is_active": False}, {"password": "another"}])
def test_half_a_log_in_ends_with_the_password_and_the_person(mo: User, change: dict[str, object]) -> None:
    set_up(Client(), mo)
    client = Client()
    send_password(client, "mo")
    User.objects.update(**change)
    assert client.get("/login/code/")["Location"] == "/login/"


def test_clerk_who_becomes_a_manager_sets_it_up_at_the_next_page(harbor: Clinic, ana: User) -> None:
    client = Client()
    send_password(client, "ana")
    assert client.get("/desk/").status_code == 200
    Membership.objects.update(role="manager")
    assert client.get("/desk/day/")["Location"] == "/login/?next=/desk/day/"
    assert client.get("/login/?next=/desk/day/")["Location"] == "/login/code/"
    assert client.get("/login/code/")["Location"] == "/login/set-up/"
    client.get("/login/set-up/")
    page = client.post("/login/set-up/", {"code": code_of(ana)}).content.decode()
    assert 'href="/desk/day/"' in page and client.get("/desk/day/").status_code == 200


def test_nobody_sees_a_key_who_has_one_and_gave_only_the_password(mo: User) -> None:
    set_up(Client(), mo)
    client = Client()
    send_password(client, "mo")
    assert client.get("/login/set-up/")["Location"] == "/login/code/"
    assert Client().get("/login/set-up/")["Location"] == "/login/"


def test_page_of_the_key_shows_it_and_is_kept_nowhere(mo: User) -> None:
    client = Client()
    send_password(client, "mo")
    page = client.get("/login/set-up/")
    text = page.content.decode()
    assert "<svg" in text and re.search(r"<code>([A-Z2-7]{4} ){7}[A-Z2-7]{4}</code>", text)
    assert "no-store" in page["Cache-Control"]
    assert client.get("/login/set-up/").content.decode().count("<svg") == 1
    assert PhoneKey.objects.count() == 1, "loaded again, it is the same key"


def test_reset_lets_somebody_set_it_up_anew(mo: User) -> None:
    set_up(Client(), mo)
    assert second_step.reset(mo, by=audit.shell("root")) and not second_step.reset(mo, by=audit.shell("root"))
    assert len(set_up(Client(), mo)) == 10
    row = AuditEvent.objects.get(action="login.reset")
    assert (row.actor, row.object_kind, row.object_id) == ("root", "user", str(mo.pk))


def test_command_resets_it_and_logs_out(mo: User) -> None:
    client = Client()
    set_up(client, mo)
    call_command("second_step", "reset", "mo", stdout=StringIO())
    assert not second_step.has(mo) and not is_in(client)
    assert set(AuditEvent.objects.filter(actor_kind="shell").values_list("action", flat=True)) == {
        "login.reset",
        "login.end-all",
    }
    for name in ("mo", "nobody"):
        with pytest.raises(CommandError):
            call_command("second_step", "reset", name)


@pytest.mark.parametrize(("action", "keeps"), [("log_out_everywhere", True), ("reset_second_step", False)])
def test_superuser_ends_log_ins_in_the_admin(mo: User, action: str, keeps: bool) -> None:
    client, root = Client(), Client()
    set_up(client, mo)
    root.force_login(make_user("root", is_staff=True, is_superuser=True))
    root.post("/admin/auth/user/", {"action": action, "_selected_action": [mo.pk]})
    assert not is_in(client) and second_step.has(mo) == keeps
    assert AuditEvent.objects.filter(action="login.end-all", actor="root", detail={"count": 1}).exists()


def test_admin_shows_nobodys_key(client: Client, mo: User) -> None:
    """Neither of the models that keep it nor of django-otp's: their pages are not there, and no other names it."""
    set_up(Client(), mo)
    root = make_user("root", is_staff=True, is_superuser=True)
    client.force_login(root)
    for name in ("otp_totp/totpdevice", "otp_static/staticdevice", "clinic/phonekey", "clinic/papercodes"):
        assert client.get(f"/admin/{name}/").status_code == 404
    page = client.get(f"/admin/auth/user/{mo.pk}/change/").content.decode()
    kept = [PhoneKey.objects.get().sealed_key, *PaperCodes.objects.get().digests]
    assert "mo" in page and [mark for mark in kept if mark in page] == []


@pytest.mark.parametrize("way", ["user", "group"])
def test_permission_of_django_alone_reaches_no_further_than_the_desk(ana: User, way: str) -> None:
    permission = Permission.objects.get(codename="change_switch")
    if way == "user":
        ana.user_permissions.add(permission)
    else:
        group = Group.objects.create(name="operators")
        group.permissions.add(permission)
        ana.groups.add(group)
    client = Client()
    send_password(client, "ana")
    assert is_in(client) and client.get("/ops/").status_code == 404
    assert client.post("/ops/vendor/", {"action": "stop", "reason": "x"}).status_code == 404


def test_whoever_may_enter_the_admin_needs_it(harbor: Clinic) -> None:
    lea = make_user("lea", harbor, is_staff=True)
    assert second_step.is_needed(lea) and second_step.is_needed(make_user("kim", is_staff=True))


def test_clerks_roles_are_read_once_a_page(ana: User) -> None:
    client = Client()
    send_password(client, "ana")
    client.get("/desk/board/")
    with CaptureQueriesContext(connection) as asked:
        client.get("/desk/board/")
    assert len([one for one in asked if 'FROM "clinic_membership"' in one["sql"]]) == 1
