"""The admin's pages of the job queues while Redis is killed or frozen."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django_rq.models import Dashboard

from realtime import redis_link, told
from tests.own_valkey import OwnValkey, refusing
from tests.realtime.rig import frozen
from tests.waiting import until

pytestmark = pytest.mark.django_db

# Of one page, in seconds: a step waits 0.25 and a first connection takes two. The rest is for a busy machine; jobs
# that are tried one after the other, or a client's own patience, take longer than all of it.
BOUND = 5.0
FIRST = "/admin/django_rq/dashboard/"
# Jobs of which django-rq tries each after the one before it failed.
STOP_MANY = {"action": "stop", "job_ids": [str(n) for n in range(100)]}


@pytest.fixture
def olu() -> Client:
    user = User.objects.create_user("olu", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="change_switch"))
    client = Client()
    client.force_login(user)
    return client


def pages() -> list[str]:
    """Each page there is, of the first job queue and of a job that may not be there."""
    found = []
    for pattern in admin.site._registry[Dashboard].get_urls():
        numbers = {name: 0 if "index" in name else "x" for name in pattern.pattern.converters}
        found.append(reverse(f"admin:{pattern.name}", kwargs=numbers))
    assert len(found) > 20
    return found


def wrong(olu: Client, method: str, asked: Iterable[str]) -> list[str]:
    """Those of these pages that do not say in time what is the matter."""
    found = []
    for page in asked:
        began = time.monotonic()
        answer = getattr(olu, method)(page, STOP_MANY if method == "post" else {})
        took = time.monotonic() - began
        heard = (answer.status_code, "Redis does not answer" in answer.content.decode(), took < BOUND)
        found += [f"{method} {page}: {heard}, {took:.2f} s"] if heard != (503, True, True) else []
    return found


def test_every_page_says_in_time_that_redis_is_killed(own_valkey: OwnValkey, olu: Client) -> None:
    own_valkey.kill()
    assert wrong(olu, "get", pages()) == []


def test_every_page_says_in_time_that_redis_is_frozen(live_redis: Any, olu: Client) -> None:
    with frozen(live_redis):
        assert wrong(olu, "get", pages()) == []
    until(lambda: olu.get(FIRST).status_code == 200)


def test_nothing_is_told_of_what_could_not_be_begun(
    own_valkey: OwnValkey, olu: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[Any] = []
    monkeypatch.setattr(told, "tell", lambda *said, **more: heard.append(said))
    with frozen(redis_link.client()):
        assert wrong(olu, "post", [f"{FIRST}queues/actions/0/"]) == []
    own_valkey.kill()
    assert wrong(olu, "post", pages()) == []
    assert heard == []


def test_page_says_what_is_wrong_what_patients_notice_and_where_to_go(own_valkey: OwnValkey, olu: Client) -> None:
    own_valkey.kill()
    shown = olu.get(f"{FIRST}queues/0/?page=2").content.decode()
    for words in ("(ConnectionError)", "Patients notice nothing", "docs/ops/redis.md", 'href="/ops/"', "?page=2"):
        assert words in shown
    assert "What you asked for is not done, or only in part" not in shown
    changed = olu.post(f"{FIRST}queues/0/empty/").content.decode()
    assert "What you asked for is not done, or only in part" in changed


def test_program_is_told_as_json(own_valkey: OwnValkey, olu: Client) -> None:
    own_valkey.kill()
    answer = olu.get(f"{FIRST}stats.json")
    assert answer["Cache-Control"].startswith("max-age=0, no-cache, no-store")
    assert answer.json() == {
        "title": "Redis does not answer", "error": "ConnectionError", "runbook": "docs/ops/redis.md",
    }  # fmt: skip


def test_redis_that_takes_no_writes_is_said(live_redis: Any, olu: Client) -> None:
    with refusing(live_redis, "MISCONF"):
        said = olu.get(FIRST).content.decode()
    assert "Redis takes no writes" in said and "(ResponseError)" in said


def test_redis_that_goes_while_a_page_is_made_is_told_of(
    own_valkey: OwnValkey, olu: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first question is answered yet; django-rq's own connection finds nobody."""
    monkeypatch.setattr(redis_link.client(), "ping", lambda: True)
    own_valkey.kill()
    assert olu.get(FIRST).status_code == 503


def test_who_may_not_see_the_queues_learns_nothing_of_redis(own_valkey: OwnValkey) -> None:
    own_valkey.kill()
    user = User.objects.create_user("mo", is_staff=True)
    manager = Client()
    manager.force_login(user)
    assert manager.get(FIRST).status_code == 403
    assert Client().get(FIRST)["location"].startswith("/admin/login/")
    assert Client().get(f"{FIRST}stats.json").status_code == 401
