"""The operator's switch: its row, its history, and what holds when it cannot be read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import Error, connection, transaction
from django.utils import timezone

from realtime import bell, switch
from realtime.models import Desired, Switch, SwitchEvent
from realtime.switch import SwitchRefused, flip

pytestmark = pytest.mark.django_db


@contextmanager
def database_away() -> Iterator[None]:
    def fail(*_args: Any) -> None:
        raise Error("the database is away")

    with connection.execute_wrapper(fail):
        yield


def age(hours: float) -> None:
    """Makes the switch as old as that."""
    row = Switch.objects.get(pk=1)
    row.at -= timedelta(hours=hours)
    if row.expires_at is not None:
        row.expires_at -= timedelta(hours=hours)
    row.save()


def test_flip_writes_the_row_and_one_event() -> None:
    row = flip("off", by="olu", reason="  vendor \n\0 slow ")
    assert (row.desired, row.actor, row.reason, row.version) == ("off", "olu", "vendor slow", 1)
    assert row.expires_at == row.at + timedelta(hours=4)
    event = SwitchEvent.objects.get()
    same = ("desired", "actor", "reason", "at", "expires_at")
    assert [getattr(event, name) for name in same] == [getattr(row, name) for name in same]


def test_flip_each_time_leaves_one_event() -> None:
    flip("off", by="olu", reason="slow")
    flip("auto", by="ana", reason="well again")
    flip("off", by="olu", reason="again", length=None)
    assert [e.desired for e in SwitchEvent.objects.all()] == ["off", "auto", "off"]


@pytest.mark.parametrize(
    ("desired", "reason", "words"),
    [
        ("off", "", "Say why"),
        ("off", " \n\t ", "Say why"),
        ("off", "x" * 201, "under 200"),
        ("on", "why", "Choose"),
    ],
)
def test_flip_that_says_too_little_is_refused_whole(desired: str, reason: str, words: str) -> None:
    with pytest.raises(SwitchRefused, match=words):
        flip(desired, by="olu", reason=reason)
    assert Switch.objects.get().version == 0
    assert not SwitchEvent.objects.exists()


def test_flip_on_a_row_that_changed_meanwhile_is_refused() -> None:
    seen = Switch.objects.get().version
    flip("off", by="ana", reason="slow", expected=seen)
    with pytest.raises(SwitchRefused, match=r"ana changed the switch meanwhile \(slow\)"):
        flip("auto", by="olu", reason="looks well", expected=seen)
    assert Switch.objects.get().desired == "off"
    assert SwitchEvent.objects.count() == 1


def test_flip_back_to_auto_never_expires() -> None:
    assert flip("auto", by="olu", reason="well").expires_at is None


def test_flip_rings_after_the_commit_only(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    rung: list[object] = []
    monkeypatch.setattr(bell, "ring", rung.append)
    with django_capture_on_commit_callbacks(execute=True):
        flip("off", by="olu", reason="slow")
        assert rung == []
    assert rung == [{"type": "gate"}]


def test_flip_that_rolls_back_leaves_no_event() -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        flip("off", by="olu", reason="slow")
        raise ZeroDivisionError
    assert not SwitchEvent.objects.exists()


def test_off_stops_and_after_its_time_does_not() -> None:
    row = flip("off", by="olu", reason="slow", length=timedelta(hours=1))
    assert row.is_off(row.at + timedelta(minutes=59))
    assert not row.is_off(row.at + timedelta(minutes=61))
    assert switch.refusal(row) == "off by olu: slow"


def test_off_for_ever_does_not_expire() -> None:
    row = flip("off", by="olu", reason="contract ended", length=None)
    assert row.is_off(timezone.now() + timedelta(days=5000))


def test_expire_goes_back_to_auto_once_with_an_event() -> None:
    flip("off", by="olu", reason="slow")
    assert not switch.expire()
    age(hours=5)
    assert switch.expire()
    assert not switch.expire()
    assert [(e.desired, e.actor) for e in SwitchEvent.objects.all()] == [("auto", "the clock"), ("off", "olu")]


@pytest.mark.parametrize("desired", list(Desired))
def test_expire_leaves_what_has_no_end(desired: Desired) -> None:
    flip(desired, by="olu", reason="why", length=None)
    age(hours=1000)
    assert not switch.expire()
    assert Switch.objects.get().desired == desired


def test_expire_loses_against_a_flip_made_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    flip("off", by="olu", reason="slow")
    age(hours=5)
    old = Switch.objects.get(pk=1)
    flip("off", by="ana", reason="still slow")
    monkeypatch.setattr(Switch.objects, "get", lambda pk: old)
    assert not switch.expire()
    monkeypatch.undo()
    assert Switch.objects.get(pk=1).actor == "ana"


def test_read_at_a_cold_start_without_a_database_is_off() -> None:
    with database_away():
        row = switch.read()
    assert row is None
    assert "cannot be read" in switch.refusal(row)


def test_read_without_a_row_at_a_cold_start_is_off() -> None:
    Switch.objects.all().delete()
    assert switch.refusal(switch.read())


def test_read_keeps_the_last_one_known_and_its_expiry() -> None:
    flip("off", by="olu", reason="slow")
    assert switch.refusal(switch.read())
    with database_away():
        kept = switch.read()
    assert kept is not None
    assert kept.is_off()
    assert not kept.is_off(timezone.now() + timedelta(hours=5))


def test_read_keeps_auto_when_that_was_known() -> None:
    switch.read()
    with database_away():
        assert switch.refusal(switch.read()) == ""


def test_environment_forces_off_and_never_on(settings: Any) -> None:
    settings.VENDOR_FORCED_OFF = True
    assert "EVENKEEL_VENDOR=off" in switch.refusal(switch.read())
    settings.VENDOR_FORCED_OFF = False
    flip("off", by="olu", reason="slow")
    assert switch.refusal(switch.read()) == "off by olu: slow"
