"""`manage.py vendor`: the switch from a shell."""

from __future__ import annotations

import getpass
import json
import os
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from realtime import heartbeats, obedience, switch
from realtime.management.commands import vendor as vendor_command
from realtime.management.commands.vendor import length
from realtime.models import Switch, SwitchEvent

WITHOUT_REDIS = "Redis is away: each process obeys within 2 seconds"

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("breaker_closed")]


def vendor(*arguments: str) -> str:
    out = StringIO()
    call_command("vendor", *arguments, stdout=out)
    return out.getvalue().strip()


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("30m", timedelta(minutes=30)),
        ("4h", timedelta(hours=4)),
        ("2d", timedelta(days=2)),
        ("ever", None),
    ],
)
def test_length_is_understood(text: str, meant: timedelta | None) -> None:
    assert length(text) == meant


@pytest.mark.parametrize("text", ["", "4", "h", "0h", "-1h", "4 h", "1.5h", "4w", "99999h", "for ever", "4h\n"])
def test_length_that_means_nothing_is_refused(text: str) -> None:
    with pytest.raises(CommandError, match="write 30m, 4h, 2d or ever"):
        length(text)


def test_stop_and_start_flip_the_switch_and_leave_history() -> None:
    said = vendor("stop", "--reason", "vendor slow")
    assert said.startswith("No connection to the vendor until ")
    assert said.endswith(f"off by {getpass.getuser()}: vendor slow. {WITHOUT_REDIS}.")
    row = Switch.objects.get()
    assert row.is_off()
    assert row.expires_at == row.at + timedelta(hours=4)
    assert vendor("start") == f"The vendor is used while it is well. {WITHOUT_REDIS}."
    assert [event.desired for event in SwitchEvent.objects.all()] == ["auto", "off"]


def test_stop_without_a_reason_names_the_user() -> None:
    vendor("stop")
    assert Switch.objects.get().reason == f"from the shell by {getpass.getuser()}"


def test_stop_with_an_empty_reason_is_refused() -> None:
    with pytest.raises(CommandError, match="Say why"):
        vendor("stop", "--reason", " ")
    assert not SwitchEvent.objects.exists()


def test_stop_for_ever_has_no_end() -> None:
    assert "until" not in vendor("stop", "--for", "ever")
    assert Switch.objects.get().expires_at is None


def test_status_as_json_tells_all_and_changes_nothing() -> None:
    switch.flip("off", by="olu", reason="slow", length=None)
    state = json.loads(vendor("status", "--json"))
    row = Switch.objects.get()
    assert state == {
        "switch": "off",
        "reason": "slow",
        "actor": "olu",
        "at": row.at.isoformat(),
        "expires_at": None,
        "open": False,
        "decided_by": "switch",
        "why": "off by olu: slow",
        "obeyed": None,
        "processes": None,
        "others": None,
    }
    assert SwitchEvent.objects.count() == 1


def test_stop_waits_until_all_obey_and_says_so(live_redis: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    heartbeats.tell("web", [], obeys=0)
    monkeypatch.setattr(obedience.time, "sleep", lambda _seconds: heartbeats.tell("web", [], obeys=1))
    assert vendor("stop").endswith("Obeyed by 1 of 1 process.")
    state = json.loads(vendor("status", "--json"))
    assert (state["obeyed"], state["processes"], state["others"]) == (1, 1, [])


def test_stop_names_who_has_not_obeyed_in_time(live_redis: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vendor_command, "SETTLE_SECONDS", 0.05)
    heartbeats.tell("web", [], obeys=1)
    heartbeats.tell("worker of any", [], obeys=0)
    said = vendor("stop")
    assert f"Obeyed by 1 of 2 processes; not yet: worker of any, pid {os.getpid()} on " in said
    assert json.loads(vendor("status", "--json"))["processes"] == 2


def test_status_when_forced_off_says_so(settings: Any) -> None:
    settings.VENDOR_FORCED_OFF = True
    assert "EVENKEEL_VENDOR=off" in vendor("status")


def test_status_of_a_switch_that_cannot_be_read_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the settings say of the vendor: they may be none of this machine's."""
    monkeypatch.setattr(switch, "read", lambda: None)
    with pytest.raises(CommandError, match="cannot be read"):
        vendor("status")
    assert json.loads(vendor("status", "--json"))["switch"] is None


def test_unknown_action_is_refused() -> None:
    with pytest.raises(CommandError, match="invalid choice"):
        vendor("pause")
