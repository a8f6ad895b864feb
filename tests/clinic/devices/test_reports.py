"""What a device reports: taken when it can be true, stored in a query, and never of patients."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone, translation

from clinic import presenters
from clinic.access import cookie_name
from clinic.build import build_id
from clinic.models import Clinic, Device, DeviceReport, SpecialHours
from clinic.services import devices
from realtime.models import Topic
from tests.clinic.conftest import Clock
from tests.clinic.views.desk_pages import logged_in
from tests.clinic.views.kiosk_pages import Marks, paired_client
from tests.factories import make_clinic, make_device, make_user

pytestmark = pytest.mark.django_db
ORIGIN = {"HTTP_ORIGIN": "http://127.0.0.1:8000"}
SAID = {
    "kind": "monitor",
    "build": "0a1b2c3d",
    "path": "both",
    "sound": "off",
    "data_age": "3",
    "up_seconds": "90",
}


@pytest.fixture
def monitor(harbor: Clinic) -> Client:
    client = Client(enforce_csrf_checks=True)
    client.cookies[cookie_name("monitor")] = make_device(harbor, "monitor", "Hall")[1]
    return client


def told(client: Client, **more: str) -> int:
    return client.post("/devices/report/", {**SAID, **more}, **ORIGIN).status_code  # type: ignore[arg-type]


def row(harbor: Clinic) -> presenters.DeviceRow:
    (found,) = presenters.device_rows(Clinic.objects.filter(pk=harbor.pk))
    return found


def test_report_is_kept_and_replaces_the_last(harbor: Clinic, monitor: Client, clock: Clock) -> None:
    version = Topic.objects.get().version
    assert told(monitor) == 204
    clock.add(seconds=30)
    assert told(monitor, path="own", up_seconds="120", data_age="", sound="") == 204
    report = DeviceReport.objects.get()
    assert (report.path, report.sound, report.data_age, report.up_seconds) == ("own", "", None, 120)
    assert report.at == clock.at and Topic.objects.get().version == version


def test_report_is_two_queries(monitor: Client, django_assert_max_num_queries: Any) -> None:
    # PostgreSQL is asked for the time too.
    with django_assert_max_num_queries(3):
        assert told(monitor) == 204


def edition(kiosk: Client) -> str:
    """Of the first page that a kiosk is shown, which its report is answered with."""
    (page,) = Marks(kiosk.get("/kiosk/").content.decode()).having("data-edition")
    reply = kiosk.post("/devices/report/", {**SAID, "kind": "kiosk"}, **ORIGIN)  # type: ignore[arg-type]
    assert reply.json() == {"edition": page["data-edition"]}
    return str(page["data-edition"])


def test_kiosk_hears_that_its_first_page_has_changed(
    harbor: Clinic, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    kiosk = paired_client(harbor)
    known = {edition(kiosk)}
    for change in ({"volume": 0}, {"px_per_mm": 4}, {"languages": ["es"]}):
        Device.objects.update(**change)
        known.add(edition(kiosk))
    monkeypatch.setattr("clinic.presenters.devices.build_id", lambda: "0a1b2c3d")
    known.add(edition(kiosk))
    assert len(known) == 5 and edition(kiosk).endswith("-open")
    SpecialHours.objects.create(clinic=harbor, date=harbor.wall_date(clock.at))
    reply = kiosk.post("/devices/report/", {**SAID, "kind": "kiosk"}, **ORIGIN)  # type: ignore[arg-type]
    assert reply.json()["edition"].endswith("-closed")


@pytest.mark.parametrize(
    "wrong",
    [
        {"path": "elsewhere"}, {"sound": "loud"}, {"build": "x" * 41}, {"build": "<b>"},
        {"data_age": "-1"}, {"data_age": "soon"}, {"up_seconds": "9" * 12}, {"up_seconds": "1.5"},
    ],
)  # fmt: skip
def test_garbage_is_a_bad_request(monitor: Client, wrong: dict[str, str]) -> None:
    assert told(monitor, **wrong) == 400 and not DeviceReport.objects.exists()


def test_report_is_for_devices_only(harbor: Clinic, monitor: Client) -> None:
    assert told(Client()) == 403
    assert told(monitor, kind="kiosk") == 403 and told(monitor, kind="nonsense") == 403
    assert monitor.get("/devices/report/").status_code == 405
    devices.revoke(Device.objects.get())
    assert told(monitor) == 403 and not DeviceReport.objects.exists()


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:9999", ""])
def test_page_of_another_site_reports_nothing(monitor: Client, origin: str) -> None:
    assert monitor.post("/devices/report/", SAID, HTTP_ORIGIN=origin).status_code == 400
    assert not DeviceReport.objects.exists()


def test_kiosks_page_load_is_seen_once_a_minute(harbor: Clinic, clock: Clock) -> None:
    kiosk = paired_client(harbor)
    kiosk.get("/kiosk/")
    first = DeviceReport.objects.get().at
    clock.add(seconds=59)
    kiosk.get("/kiosk/arrival/")
    assert DeviceReport.objects.get().at == first
    clock.add(seconds=2)
    kiosk.get("/kiosk/arrival/")
    assert DeviceReport.objects.get().at == clock.at


def test_page_load_leaves_what_was_reported(harbor: Clinic, clock: Clock) -> None:
    kiosk = paired_client(harbor)
    assert told(kiosk, kind="kiosk") == 200
    clock.add(minutes=5)
    kiosk.get("/kiosk/")
    assert (DeviceReport.objects.get().at, DeviceReport.objects.get().sound) == (clock.at, "off")


def test_wait_room_screens_page_writes_nothing(monitor: Client) -> None:
    assert monitor.get("/monitor/").status_code == monitor.get("/monitor/board/").status_code == 200
    assert not DeviceReport.objects.exists()


def test_row_says_it_in_words(harbor: Clinic, monitor: Client, clock: Clock) -> None:
    assert (row(harbor).seen, row(harbor).state, row(harbor).build) == ("never", "silent", "")
    told(monitor, build=build_id(), data_age="70", path="stale")
    clock.add(seconds=42)
    found = row(harbor)
    assert (found.seen, found.state, found.build, found.path, found.sound, found.data_age) == (
        "40 s ago", "well", "this build", "none", "off", "1 min",
    )  # fmt: skip
    assert [one[:12] for one in found.concerns] == ["Sound is off", "What it show", "Nobody has s"]
    clock.add(minutes=2)
    assert row(harbor).state == "silent" and "Nothing heard" in row(harbor).concerns[0]
    told(monitor, build="0a1b2c3d")
    assert row(harbor).build == "older: 0a1b2c3d"


def test_row_is_in_the_language_of_the_desk(
    harbor: Clinic, monitor: Client, clock: Clock, all_languages: None
) -> None:
    told(monitor, build=build_id(), data_age="2")
    with translation.override("es"):
        found = row(harbor)
    assert (found.seen, found.data_age) == ("hace menos de 10 s", "menos de 10 s")


def test_row_says_since_when_its_page_is_open(harbor: Clinic, monitor: Client, clock: Clock) -> None:
    assert row(harbor).loaded == ""
    told(monitor, up_seconds=str(3 * 24 * 3600))
    assert row(harbor).loaded == "3 d ago"
    clock.add(hours=4)
    assert row(harbor).loaded == "3 d 4 h ago"
    ops = logged_in(make_user("sam", is_superuser=True, is_staff=True))
    manager = logged_in(make_user("mo", harbor, "manager"))
    assert "3 d 4 h ago" in ops.get("/ops/").content.decode()
    assert "3 d 4 h ago" in manager.get("/desk/devices/").content.decode()


def test_rows_are_of_the_clinics_asked_for_in_one_query(
    harbor: Clinic, clock: Clock, django_assert_num_queries: Any
) -> None:
    make_device(make_clinic("inland"))
    for n in range(3):
        device, _token = make_device(harbor, "kiosk", f"Door {n}")
        devices.seen(device)
    devices.revoke(Device.objects.get(name="Door 0"))
    with django_assert_num_queries(1):
        rows = presenters.device_rows(Clinic.objects.filter(pk=harbor.pk))
    assert [(one.name, one.state) for one in rows] == [
        ("Door 1", "well"),
        ("Door 2", "well"),
        ("Door 0", "revoked"),
    ]


def test_silent_devices_come_first_whatever_their_clinic(harbor: Clinic) -> None:
    """A list of many is cut."""
    bay, (well, _token) = make_clinic("bay"), make_device(harbor, "monitor", "Well")
    new, _token = make_device(make_clinic("aft"), "monitor", "New")
    silent, _token = make_device(bay, "monitor", "Silent")
    for one in (well, silent):
        devices.report(one, devices.Said("0a1b2c3d", "both", "on", 1, 9))
    DeviceReport.objects.filter(device=silent).update(at=timezone.now() - timedelta(minutes=9))
    found = presenters.device_rows(Clinic.objects.all())
    assert [one.pk for one in found] == [silent.pk, new.pk, well.pk]
