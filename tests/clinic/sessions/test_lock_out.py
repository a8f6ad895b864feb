from __future__ import annotations

import logging
from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.models import User
from django.test import Client

from clinic import limits
from clinic.models import AuditEvent, Clinic
from tests.clinic.conftest import Clock
from tests.clinic.sessions.log_ins import is_in, send_password
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def from_(address: str) -> Client:
    return Client(REMOTE_ADDR=address)


def fail(client: Client, times: int, name: str = "ana") -> list[int]:
    return [send_password(client, name, "wrong").status_code for _n in range(times)]


def test_five_failures_lock_this_name_at_this_address(ana: User, ben: User) -> None:
    assert fail(from_("10.0.0.1"), 6) == [200] * 4 + [429] * 2
    assert send_password(from_("10.0.0.1"), "ana").status_code == 429
    for address, name in [("10.0.0.1", "ben"), ("10.0.0.2", "ana")]:
        client = from_(address)
        send_password(client, name)
        assert is_in(client), "a colleague beside, and she herself elsewhere"


def test_it_is_over_after_fifteen_minutes_and_tries_meanwhile_do_not_prolong_it(
    ana: User, clock: Clock, monkeypatch: Any
) -> None:
    monkeypatch.setattr("axes.handlers.proxy.now", clock.now)
    client = from_("10.0.0.1")
    fail(client, 5)
    for _minute in range(14):
        clock.add(minutes=1)
        assert send_password(client, "ana").status_code == 429
    clock.add(minutes=1, seconds=1)
    send_password(client, "ana")
    assert is_in(client)


def test_success_counts_from_the_beginning(ana: User) -> None:
    client = from_("10.0.0.1")
    for _round in range(3):
        assert fail(client, 4) == [200] * 4
        send_password(client, "ana")
        assert is_in(client)


def test_another_browser_or_other_letters_are_no_way_around(ana: User) -> None:
    for number, name in enumerate(["ana", "ANA", "Ana", "ana"]):
        Client(REMOTE_ADDR="10.0.0.1", HTTP_USER_AGENT=f"browser {number}").post(
            "/login/", {"username": name, "password": "wrong"}
        )
    assert fail(from_("10.0.0.1"), 1) == [429]


def test_unknown_names_are_locked_as_known_ones_are_and_see_the_same(ana: User) -> None:
    pages = []
    for name in ("ana", "nobody"):
        client = from_("10.0.0.1")
        assert fail(client, 5, name) == [200] * 4 + [429]
        pages.append(send_password(client, name).content)
    assert pages[0] == pages[1] and b"Wait 15 minutes" in pages[0]


def test_one_address_has_thirty_failures_a_minute_over_all_names(ana: User) -> None:
    seen = [send_password(from_("10.0.0.1"), f"name{n}", "wrong").status_code for n in range(31)]
    assert seen == [200] * limits.LOG_IN.most + [429]
    assert send_password(from_("10.0.0.1"), "ana").status_code == 429
    client = from_("10.0.0.2")
    send_password(client, "ana")
    assert is_in(client)


def test_nothing_that_was_typed_is_kept_or_logged(ana: User, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    said = {"username": "typed-secret-1", "password": "typed-secret-2", "next": "/typed-secret-3/"}
    for _n in range(6):
        from_("10.0.0.1").post("/login/?next=/typed-secret-3/", said)
    rows = [str(vars(row)) for model in (AccessAttempt, AuditEvent) for row in model.objects.all()]
    assert len(rows) == 7 and not [text for text in [*rows, caplog.text] if "typed-secret" in text]


def test_audit_tells_of_the_lock(harbor: Clinic, ana: User) -> None:
    fail(from_("10.0.0.1"), 5)
    why = [row.detail["why"] for row in AuditEvent.objects.filter(chain=harbor.pk).order_by("pk")]
    assert why == ["password"] * 4 + ["locked"]


def ratios(*does: Callable[[], Any], rounds: int = 15) -> list[float]:
    """What each takes of the first one's time: the median of rounds, in each of which all take their turn."""
    took: list[list[float]] = [[] for _one in does]
    for _round in range(rounds):
        for place, do in enumerate(does):
            began = perf_counter()
            do()
            took[place].append(perf_counter() - began)
    return [
        median(one / first for one, first in zip(took[place], took[0], strict=True)) for place in range(len(does))
    ]


def test_known_unknown_and_disabled_names_take_as_long(ana: User, settings: Any, monkeypatch: Any) -> None:
    # A tenth of the usual work, and still most of the answer.
    monkeypatch.setattr(PBKDF2PasswordHasher, "iterations", 100_000)
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    monkeypatch.setattr(limits, "LOG_IN", limits.Limit("log-in", 10_000, 60))
    settings.AXES_FAILURE_LIMIT = 10_000
    for name in ("lea", "kim"):
        make_user(name, is_active=name == "lea")
    tries = [lambda name=name: fail(from_("10.0.0.9"), 1, name) for name in ("lea", "kim", "nobody")]
    found = ratios(*tries)
    assert min(found) > 0.75 and max(found) < 1.33, found
