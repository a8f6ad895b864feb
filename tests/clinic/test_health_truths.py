"""Sentences about devices that nobody hears, about what is true besides, and which of all comes first."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from clinic import demo, health
from clinic.health.away import Absence
from clinic.health.truth import Book
from clinic.models import AuditChain, Clinic, Device, DeviceReport
from clinic.services import devices
from realtime.models import Desired, Switch
from tests.clinic.conftest import Clock
from tests.clinic.work import late, unserved
from tests.factories import make_clinic, make_destination, make_device, make_visit

pytestmark = pytest.mark.django_db


# --- Devices ----------------------------------------------------------------------------------------------------


def heard(clinic: Clinic, ago: float, kind: str = "monitor", name: str = "Entrance", **said: Any) -> Device:
    """A device that spoke so many seconds ago."""
    device, _token = make_device(clinic, kind, name)
    words = {"build": "0a1b2c3d", "path": "both", "sound": "on", "data_age": 1, "up_seconds": 9, **said}
    devices.report(device, devices.Said(**words))
    DeviceReport.objects.filter(device=device).update(at=timezone.now() - timedelta(seconds=ago))
    return device


def test_screen_that_fell_silent_is_named(alive: Any, harbor: Clinic) -> None:
    heard(harbor, 99)
    assert health.look().is_good
    DeviceReport.objects.update(at=timezone.now() - timedelta(minutes=6))
    found = health.look()
    assert found.sentence == "Wait-room screen Entrance at Harbor not heard for 6 min"
    assert found.alarm and found.truths[0].runbook == "docs/ops/screen.md"
    assert found.truths[0].patients.endswith("call them by voice.")


def test_kiosk_that_fell_silent_has_its_own_effect_and_book(alive: Any, harbor: Clinic) -> None:
    heard(harbor, 400, "kiosk")
    heard(harbor, 300, name="Hall"), heard(harbor, 200, name="Stairs")
    truth = health.look().truths[0]
    assert truth.sentence == "Kiosk Entrance at Harbor not heard for 6 min; 2 more devices need somebody"
    assert (truth.book, truth.patients) == ("kiosk", "Patients check in at another kiosk, or at the desk.")


def test_screen_that_shows_old_data_is_named(alive: Any, harbor: Clinic) -> None:
    heard(harbor, 5, path="stale", data_age=240)
    assert health.look().sentence == "Wait-room screen Entrance at Harbor shows data 4 min old"


def test_device_that_never_spoke_or_has_no_script_or_is_locked_out_is_not_missed(
    alive: Any, harbor: Clinic
) -> None:
    make_device(harbor, "monitor", "In its box")
    heard(harbor, 900, "kiosk", "No script", build="")
    devices.revoke(heard(harbor, 900, name="Locked out"))
    assert health.look().is_good


def test_dark_screen_of_a_closed_clinic_is_not_missed(alive: Any, harbor: Clinic, clock: Clock) -> None:
    heard(harbor, 900)
    assert not health.look().is_good
    for weekday in range(7):
        harbor.hours.create(weekday=weekday, opens=time(0, 0), closes=time(0, 1))
    clock.at = clock.at.replace(hour=12)
    assert health.look().is_good


def test_demo_device_that_was_closed_again_is_not_missed(alive: Any, harbor: Clinic, settings: Any) -> None:
    settings.DEMO = True
    device = heard(harbor, 900)
    assert not health.look().is_good
    Device.objects.filter(pk=device.pk).update(token_hash=demo.digest(demo.token("monitor")))
    assert health.look().is_good


def test_devices_of_others_are_not_theirs_to_hear_of(alive: Any, harbor: Clinic) -> None:
    heard(make_clinic("bay"), 900)
    assert health.look(Clinic.objects.filter(pk=harbor.pk)).is_good


# --- What comes first -------------------------------------------------------------------------------------------


def test_outage_goes_before_a_device_and_that_before_what_was_meant(alive: Any, harbor: Clinic) -> None:
    heard(harbor, 400)
    Switch.objects.update(desired=Desired.OFF, actor="olu")
    unserved(alive, "integrations", 60)
    make_destination(harbor)
    make_visit(harbor)
    harbor.destinations.get().deliveries.update(created_at=timezone.now() - timedelta(minutes=5))
    found = health.look()
    assert [one.book for one in found.truths] == ["workers", "emr", "screen", "vendor"]
    assert found.alarm and "Miller" not in str(found.truths)


def test_late_upkeep_goes_behind_a_dark_screen_and_late_messages_before_all(alive: Any, harbor: Clinic) -> None:
    heard(harbor, 400)
    late("low", 10)
    damage(harbor)
    assert [one.book for one in health.look().truths] == ["screen", "workers", "audit"]
    late("integrations", 10)
    make_destination(harbor)
    make_visit(harbor)
    harbor.destinations.get().deliveries.update(created_at=timezone.now() - timedelta(minutes=5))
    found = health.look().truths
    assert [one.book for one in found] == ["workers", "emr", "screen", "workers", "audit"]
    assert found[0].sentence.startswith("1 job of integrations has waited for 10 min")


def damage(clinic: Clinic) -> None:
    """Somebody was at the audit, and it was seen since."""
    make_visit(clinic)
    AuditChain.objects.filter(pk=clinic.pk).update(hash="x")
    make_visit(clinic)


def test_damaged_audit_is_said_for_six_hours(clock: Clock, alive: Any, harbor: Clinic) -> None:
    damage(harbor)
    (truth,) = health.look().truths
    said = f"The audit is damaged, as was seen at {clock.at:%H:%M} UTC: somebody was at the database"
    assert (truth.sentence, truth.alarm, truth.runbook) == (said, True, "docs/ops/audit.md")
    clock.add(hours=6)
    assert health.look().is_good


def test_dark_screen_is_the_sentence_while_the_vendor_is_off(alive: Any, harbor: Clinic) -> None:
    heard(harbor, 400)
    Switch.objects.update(desired=Desired.OFF, actor="olu")
    found = health.look()
    assert found.sentence == "Wait-room screen Entrance at Harbor not heard for 6 min"
    assert [one.alarm for one in found.truths] == [True, False]


def test_every_runbook_that_is_named_is_there() -> None:
    folder = settings.BASE / "docs" / "ops"
    assert [book for book in Book if not (folder / f"{book}.md").exists()] == []


def test_switch_that_an_operator_turned_off_is_no_alarm(alive: Any) -> None:
    Switch.objects.update(desired=Desired.OFF, actor="olu")
    (truth,) = health.look().truths
    assert not truth.alarm and truth.patients == "Patients notice nothing."


def test_without_redis_nothing_is_said_that_only_redis_knows(harbor: Clinic) -> None:
    found = health.look()
    assert [one.book for one in found.truths] == ["redis"]
    assert found.facts.pulse is found.facts.minutes is found.facts.failed is None


def test_database_that_is_away_is_told_with_since_when(clock: Clock) -> None:
    absence = Absence(lambda: None)
    first = absence.noticed()
    assert first.sentence == f"The database does not answer since {clock.at:%H:%M} UTC: nobody can check in"
    clock.add(minutes=3)
    assert absence.noticed() == first and first.runbook == "docs/ops/database.md"
    began = clock.at - timedelta(minutes=3)
    clock.add(days=2)
    assert f" since {began:%-d %b %H:%M} UTC: nobody" in absence.noticed().sentence
    absence.over()
    assert f"{clock.at:%H:%M}" in absence.noticed().sentence


def test_outage_begins_with_the_last_answer_and_not_with_an_outage_of_before(clock: Clock) -> None:
    """Nobody may have read the page in between."""
    answered = [clock.at]
    absence = Absence(lambda: answered[-1])
    clock.add(minutes=1)
    assert f"since {answered[0]:%H:%M} UTC" in absence.noticed().sentence
    clock.add(hours=30, minutes=7)
    answered.append(clock.at)
    clock.add(minutes=2)
    for _look in range(2):
        assert f"since {answered[1]:%H:%M} UTC" in absence.noticed().sentence
        clock.add(minutes=3)
