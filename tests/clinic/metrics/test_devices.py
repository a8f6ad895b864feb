"""Kiosks and screens that somebody must go to."""

from __future__ import annotations

from datetime import timedelta

from clinic.models import Clinic, DeviceReport
from tests.clinic.conftest import Clock
from tests.clinic.scrape import figures
from tests.factories import make_device


def test_devices_that_fell_silent_or_show_old_data(harbor: Clinic, clock: Clock) -> None:
    for kind, name, path, ago in [
        ("kiosk", "Entrance", "", 200),
        ("monitor", "Hall", "stale", 5),
        ("monitor", "Lobby", "both", 5),
    ]:
        device, _token = make_device(harbor, kind, name)
        at = clock.at - timedelta(seconds=ago)
        DeviceReport.objects.create(device=device, at=at, build="0a1b", path=path, data_age=2)
    found = figures()
    assert found["evenkeel_devices_missed", "kiosk", "silent"] == 1
    assert found["evenkeel_devices_missed", "monitor", "stale"] == 1
    assert found["evenkeel_devices_missed", "monitor", "silent"] == 0
    assert "Hall" not in str(found)
