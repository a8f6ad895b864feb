"""Set-up: remembered with the device, checked in words, and open on the device itself for a while."""

from __future__ import annotations

from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.test import Client

from clinic import access
from clinic.models import Clinic, Device
from clinic.panels import PANELS
from clinic.services import devices, pairings
from realtime.models import Topic
from tests.clinic.conftest import Clock
from tests.clinic.views.desk_pages import logged_in
from tests.clinic.views.kiosk_pages import Marks
from tests.factories import make_clinic, make_device, make_user

pytestmark = pytest.mark.django_db
KIOSK = {
    "name": "Door", "px_per_mm": "4.25", "panel": "", "volume": "30",
    "offers_en": "on", "place_en": "2", "offers_es": "on", "place_es": "1",
}  # fmt: skip
MONITOR = {"name": "Hall", "screen_inches": "55", "seat": "6", "unit": "m", "volume": "80", "speaks": "on"}


@pytest.fixture
def desk(ana: User) -> Client:
    return logged_in(ana)


def here(device: Device, token: str) -> Client:
    """The browser that is the device."""
    browser = Client()
    browser.cookies[access.cookie_name(device.kind)] = token
    return browser


def text_of(reply: Any) -> str:
    return unescape(reply.content.decode())


def save(desk: Client, device: Device, said: dict[str, str]) -> Any:
    reply = desk.post(f"/desk/devices/{device.pk}/", said)
    device.refresh_from_db()
    return reply


def test_kiosks_set_up_is_remembered_and_shown_again(harbor: Clinic, desk: Client) -> None:
    device, _token = make_device(harbor)
    before = Topic.objects.get().version
    assert save(desk, device, KIOSK).status_code == 302
    assert (device.name, device.px_per_mm, device.volume) == ("Door", Decimal("4.250"), 30)
    assert device.languages == ["es", "en"] and Topic.objects.get().version == before + 1
    page = Marks(text_of(desk.get(f"/desk/devices/{device.pk}/")))
    assert page.having("value", "4.250") and page.having("value", "Door") and "Saved." in page.text


def test_volume_of_a_kiosk_is_on_its_pages(harbor: Clinic, desk: Client) -> None:
    device, token = make_device(harbor)
    save(desk, device, KIOSK)
    assert Marks(text_of(here(device, token).get("/kiosk/"))).having("data-volume", "30")


def test_languages_in_the_usual_order_are_left_to_the_clinic(harbor: Clinic, desk: Client) -> None:
    device, _token = make_device(harbor)
    save(desk, device, {**KIOSK, "place_en": "1", "place_es": "2"})
    assert device.languages == []
    without_spanish = {name: value for name, value in KIOSK.items() if name != "offers_es"}
    save(desk, device, without_spanish)
    assert device.languages == ["en"]


def test_panel_of_the_list_stands_for_a_measure(harbor: Clinic, desk: Client) -> None:
    device, _token = make_device(harbor)
    save(desk, device, {**KIOSK, "px_per_mm": "", "panel": "Touch screen 21.5 in, 1920 by 1080"})
    assert device.px_per_mm == Decimal("4.034")
    save(desk, device, {**KIOSK, "px_per_mm": ""})
    assert device.px_per_mm is None
    assert all(Decimal(2) < panel.px_per_mm < Decimal(7) for panel in PANELS)


def test_monitors_set_up_is_remembered(harbor: Clinic, desk: Client) -> None:
    device, _token = make_device(harbor, "monitor")
    room = harbor.rooms.all()[0]
    assert save(desk, device, {**MONITOR, "rooms": str(room.pk)}).status_code == 302
    assert (device.screen_inches, device.seat_metres, device.volume) == (Decimal("55.0"), Decimal("6.0"), 80)
    assert device.speaks and list(device.rooms.all()) == [room]
    quiet = {name: value for name, value in MONITOR.items() if name not in ("speaks", "seat")}
    save(desk, device, {**quiet, "seat": "20", "unit": "ft"})
    assert not device.speaks and device.seat_metres == Decimal("6.1") and not device.rooms.exists()


@pytest.mark.parametrize(
    ("kind", "said", "words"),
    [
        ("kiosk", {"px_per_mm": "1"}, "1.5 to 16"),
        ("kiosk", {"px_per_mm": "wide"}, "Please write a number."),
        ("kiosk", {"px_per_mm": "4.12345"}, "three digits after the point"),
        ("kiosk", {"offers_en": "", "offers_es": ""}, "at least one language"),
        ("kiosk", {"place_es": "9"}, "Please choose one of the list."),
        ("kiosk", {"panel": "A wall"}, "Please choose one of the list."),
        ("kiosk", {"volume": "101"}, "Please write 0 to 100."),
        ("kiosk", {"name": ""}, "Please write where it stands"),
        ("kiosk", {"name": "Window"}, "Another device has this name."),
        ("monitor", {"screen_inches": "5"}, "10 to 150 inches"),
        ("monitor", {"seat": "60"}, "0.5 to 40 metres"),
        ("monitor", {"seat": "1", "unit": "ft"}, "0.5 to 40 metres"),
        ("monitor", {"seat": "-2"}, "0.5 to 40 metres"),
        ("monitor", {"unit": "miles"}, "Please choose one."),
        ("monitor", {"rooms": "999"}, "A room is not there any more."),
        ("monitor", {"rooms": "x"}, "A room is not there any more."),
    ],
)
def test_what_cannot_be_is_told_and_not_saved(
    harbor: Clinic, desk: Client, kind: str, said: dict[str, str], words: str
) -> None:
    device, _token = make_device(harbor, kind)
    make_device(harbor, kind, "Window")
    before = Topic.objects.get().version
    reply = save(desk, device, {**(KIOSK if kind == "kiosk" else MONITOR), **said})
    assert reply.status_code == 422 and words in text_of(reply), text_of(reply)
    assert "<title>Error:" in text_of(reply)
    assert device.name == "Entrance" and Topic.objects.get().version == before


def test_room_of_another_clinic_cannot_be_shown(harbor: Clinic, desk: Client) -> None:
    device, _token = make_device(harbor, "monitor")
    theirs = make_clinic("inland").rooms.all()[0]
    assert save(desk, device, {**MONITOR, "rooms": str(theirs.pk)}).status_code == 422


def test_small_screen_is_warned_of(harbor: Clinic, desk: Client) -> None:
    device, _token = make_device(harbor, "monitor")
    address = f"/desk/devices/{device.pk}/"
    assert not Marks(text_of(desk.get(address))).having("data-type")
    save(desk, device, MONITOR)
    assert Marks(text_of(desk.get(address))).having("data-type", "fits")
    save(desk, device, {**MONITOR, "screen_inches": "19", "seat": "12"})
    page = text_of(desk.get(address))
    assert Marks(page).having("data-type", "too-small") and "too small for the farthest seat" in page


# --- On the device itself ----------------------------------------------------------------------------------------


def test_device_is_open_for_ten_minutes_after_pairing(harbor: Clinic, ana: User, clock: Clock) -> None:
    asks, token = pairings.offer("kiosk", "")
    device = pairings.enter(harbor, asks.code, ana, name="Door")
    browser = here(device, token)
    page = Marks(text_of(browser.get("/devices/kiosk/")))
    assert page.having("data-measure") and page.having("data-slider") and not page.having("name", "name")
    assert browser.post("/devices/kiosk/", KIOSK)["Location"] == "/kiosk/"
    device.refresh_from_db()
    assert device.px_per_mm == Decimal("4.250") and device.name == "Door"
    clock.add(minutes=10)
    assert browser.get("/devices/kiosk/")["Location"] == "/login/?next=/devices/kiosk/"
    assert browser.post("/devices/kiosk/", {**KIOSK, "volume": "0"}).status_code == 302
    device.refresh_from_db()
    assert device.volume == 30


def test_member_may_set_it_up_there_and_is_logged_out(harbor: Clinic, ana: User) -> None:
    browser = here(*make_device(harbor))
    browser.force_login(ana)
    assert "Save and log out" in text_of(browser.get("/devices/kiosk/"))
    assert browser.post("/devices/kiosk/", KIOSK)["Location"] == "/kiosk/"
    assert browser.get("/desk/")["Location"].startswith("/login/")
    assert browser.get("/kiosk/").status_code == 200


def test_member_who_sets_nothing_up_is_logged_out_too(harbor: Clinic, ana: User) -> None:
    browser = here(*make_device(harbor))
    browser.force_login(ana)
    (button,) = Marks(text_of(browser.get("/devices/kiosk/"))).having("name", "leave")
    assert button["tag"] == "button" and browser.session.get_expiry_age() == 600
    assert browser.post("/devices/kiosk/", {**KIOSK, "leave": ""})["Location"] == "/kiosk/"
    assert browser.get("/desk/")["Location"].startswith("/login/") and Device.objects.get().px_per_mm is None


def test_member_of_another_clinic_may_not_and_is_logged_out(harbor: Clinic) -> None:
    browser = here(*make_device(harbor))
    for who in (make_user("zoe", make_clinic("inland")), make_user("olu", harbor, "ops")):
        browser.force_login(who)
        assert browser.get("/devices/kiosk/")["Location"].startswith("/login/")
        assert browser.get("/desk/")["Location"].startswith("/login/")


def test_revoked_device_may_not(harbor: Clinic, ana: User) -> None:
    asks, token = pairings.offer("kiosk", "")
    device = pairings.enter(harbor, asks.code, ana, name="Door")
    devices.revoke(device)
    assert here(device, token).get("/devices/kiosk/").status_code == 404


def test_every_language_has_a_place(harbor: Clinic, desk: Client) -> None:
    device, _token = make_device(harbor)
    page = Marks(text_of(desk.get(f"/desk/devices/{device.pk}/")))
    for code, _name in django_settings.LANGUAGES:
        assert page.having("name", f"offers_{code}") and page.having("name", f"place_{code}")
