from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from realtime import switch
from realtime.models import Desired, Switch, SwitchEvent

pytestmark = pytest.mark.django_db

PAGE = "/admin/realtime/switch/1/change/"


def person(name: str, *permissions: str) -> Client:
    user = User.objects.create_user(name, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def olu() -> Client:
    return person("olu", "change_switch")


def said(**changed: Any) -> dict[str, Any]:
    return {"desired": "off", "reason": "their status page is red", "length": "4h", "seen": 0, **changed}


def test_switch_goes_off_with_reason_actor_and_expiry(olu: Client) -> None:
    assert olu.post(PAGE, said()).status_code == 302
    row = Switch.objects.get()
    assert (row.desired, row.reason, row.actor) == (Desired.OFF, "their status page is red", "olu")
    assert row.expires_at is not None
    assert row.expires_at - timezone.now() == pytest.approx(timedelta(hours=4), abs=timedelta(minutes=1))


@pytest.mark.parametrize(("length", "minutes"), [("30m", 30), ("1h", 60), ("ever", None)])
def test_switch_holds_as_long_as_chosen(olu: Client, length: str, minutes: int | None) -> None:
    olu.post(PAGE, said(length=length))
    row = Switch.objects.get()
    assert (row.expires_at and row.expires_at - row.at) == (minutes and timedelta(minutes=minutes))


def test_switch_comes_back_on_before_its_time(olu: Client) -> None:
    olu.post(PAGE, said())
    assert olu.post(PAGE, said(desired="auto", reason="they are well", seen=1)).status_code == 302
    row = Switch.objects.get()
    assert (row.desired, row.expires_at, row.version) == (Desired.AUTO, None, 2)


def test_each_flip_leaves_one_row_of_history_on_the_page(olu: Client) -> None:
    olu.post(PAGE, said())
    olu.post(PAGE, said(desired="auto", reason="they are well", seen=1))
    assert SwitchEvent.objects.count() == 2
    shown = olu.get(PAGE).content.decode()
    assert "their status page is red" in shown
    assert "they are well" in shown


@pytest.mark.parametrize("reason", ["", "   "])
def test_empty_reason_is_refused_on_the_form(olu: Client, reason: str) -> None:
    answer = olu.post(PAGE, said(reason=reason))
    assert "Say why, in a few words" in answer.content.decode()
    assert not SwitchEvent.objects.exists()
    assert Switch.objects.get().desired == Desired.AUTO


def test_page_that_is_out_of_date_is_refused_on_the_form(olu: Client) -> None:
    switch.flip(Desired.OFF, by="ben", reason="drill")
    answer = olu.post(PAGE, said(desired="auto", reason="mine", seen=0))
    assert answer.status_code == 200
    assert "ben changed the switch meanwhile (drill)" in answer.content.decode()
    assert 'value="mine"' in answer.content.decode()
    assert SwitchEvent.objects.count() == 1
    assert Switch.objects.get().desired == Desired.OFF


def test_page_offers_an_empty_reason_and_what_is_in_force(olu: Client) -> None:
    switch.flip(Desired.OFF, by="ben", reason="drill")
    answer = olu.get(PAGE)
    form = answer.context["adminform"].form
    assert (form["desired"].value(), form["reason"].value(), form["seen"].value()) == (Desired.OFF, "", 1)
    assert "No connection to the vendor: off by ben: drill." in answer.content.decode()


def test_page_shows_an_expired_stop_as_on(olu: Client) -> None:
    Switch.objects.update(desired=Desired.OFF, expires_at=timezone.now() - timedelta(minutes=1))
    answer = olu.get(PAGE)
    assert answer.context["adminform"].form["desired"].value() == Desired.AUTO
    assert "On: the vendor is used" in answer.content.decode()


def test_list_leads_to_the_one_row(olu: Client) -> None:
    answer = olu.get(reverse("admin:realtime_switch_changelist"))
    assert (answer.status_code, answer["location"]) == (302, PAGE)


def test_nobody_adds_or_deletes_switches_or_their_history() -> None:
    allowed = person("olu", *Permission.objects.values_list("codename", flat=True))
    switch.flip(Desired.OFF, by="ben", reason="drill")
    event = SwitchEvent.objects.get()
    assert allowed.get(reverse("admin:realtime_switch_add")).status_code == 403
    assert allowed.post(reverse("admin:realtime_switch_delete", args=[1]), {"post": "yes"}).status_code == 403
    for what in ("change", "delete"):
        address = reverse(f"admin:realtime_switchevent_{what}", args=[event.pk])
        assert allowed.post(address, {"post": "yes", "reason": "forged"}).status_code == 403
    assert SwitchEvent.objects.get().reason == "drill"


def test_history_can_be_read_and_filtered(olu: Client) -> None:
    switch.flip(Desired.OFF, by="ben", reason="drill")
    address = reverse("admin:realtime_switchevent_changelist")
    assert "drill" in olu.get(address, {"desired__exact": "off"}).content.decode()
    assert "drill" not in olu.get(address, {"desired__exact": "auto"}).content.decode()


@pytest.mark.parametrize(
    "address",
    [PAGE, "/admin/realtime/switch/", "/admin/realtime/switchevent/", "/admin/django_rq/dashboard/",
     "/admin/django_rq/dashboard/queues/0/empty/", "/admin/django_rq/dashboard/stats.json"],
)  # fmt: skip
def test_staff_without_the_right_are_kept_out(address: str) -> None:
    manager = person("mo", "view_topic")
    followed = manager.get(address)
    if followed.status_code == 302:
        followed = manager.get(followed["location"])
    assert followed.status_code == 403


def test_who_has_not_logged_in_is_asked_to() -> None:
    for address in (PAGE, "/admin/django_rq/dashboard/"):
        assert Client().get(address)["location"].startswith("/admin/login/")


@pytest.mark.parametrize(
    "page",
    [
        "queues/99/",
        "queues/99/details/",
        "workers/99/",
        "workers/0/no-such-worker/",
        "queues/0/no-such-job/delete/",
        "schedulers/0/",
    ],
)
def test_job_queue_job_or_worker_that_there_is_not_is_not_found(
    live_redis: object, olu: Client, page: str
) -> None:
    assert olu.get(f"/admin/django_rq/dashboard/{page}").status_code == 404


@pytest.mark.parametrize("page", ["add/", "6/", "6/change/", "6/history/", "6/delete/"])
def test_job_queues_have_no_objects_to_add_or_look_at(page: str) -> None:
    User.objects.create_superuser("root")
    root = Client()
    root.force_login(User.objects.get())
    for method in (root.get, root.post):
        assert method(f"/admin/django_rq/dashboard/{page}").status_code == 404


def test_job_queues_take_no_address_or_token_that_is_none(live_redis: object, olu: Client) -> None:
    back = {"HTTP_REFERER": "\xff\xfe"}
    assert olu.post("/admin/django_rq/dashboard/queues/confirm-action/0/", {}, **back).status_code == 404
    assert Client().get("/admin/django_rq/dashboard/stats.json/d\u05d0").status_code == 404
