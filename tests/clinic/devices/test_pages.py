"""The pages around a device: the code it shows, its entry at the desk, the list, and being locked out."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.test import Client

from clinic import access
from clinic.models import Clinic, Device, Pairing
from clinic.services import devices, pairings
from tests.clinic.conftest import Clock
from tests.clinic.views.desk_pages import logged_in
from tests.clinic.views.kiosk_pages import Marks
from tests.factories import make_clinic, make_device, make_user

pytestmark = pytest.mark.django_db
ENTER, LIST = "/desk/devices/pair/", "/desk/devices/"


@pytest.fixture
def desk(ana: User) -> Client:
    return logged_in(ana)


@pytest.fixture
def manager(harbor: Clinic) -> Client:
    return logged_in(make_user("mo", harbor, "manager"))


def shown(browser: Client, kind: str = "monitor") -> str:
    """The code on the page of a browser that is no device."""
    page = browser.get(f"/pair/{kind}/").content.decode()
    (code,) = Marks(page).having("data-code")
    return str(code["data-code"])


def text_of(reply: object) -> str:
    return unescape(reply.content.decode())  # type: ignore[attr-defined]


# --- The page with a code ----------------------------------------------------------------------------------------


def test_page_keeps_its_code_and_says_where_to_enter_it(db: None) -> None:
    browser = Client()
    code = shown(browser)
    assert re.fullmatch(f"[{pairings.LETTERS}]{{4}}-[{pairings.LETTERS}]{{4}}", code) and shown(browser) == code
    page = Marks(browser.get("/pair/monitor/").content.decode())
    assert "127.0.0.1:8000/desk/devices/pair/" in page.text and page.having("data-wait", "/pair/monitor/wait/")
    assert page.having("http-equiv", "refresh") and page.having("class", "qr")
    assert not page.having("style") and Pairing.objects.count() == 1


def test_secret_is_in_a_cookie_that_no_script_and_no_other_site_gets(db: None) -> None:
    browser = Client()
    shown(browser)
    morsel = browser.cookies[access.pairing_cookie("monitor")]
    assert morsel["httponly"] and morsel["samesite"] == "Strict" and morsel["max-age"] == 1200
    assert morsel.value not in browser.get("/pair/monitor/").content.decode()


def test_browser_may_ask_to_be_both_kinds(db: None) -> None:
    browser = Client()
    codes = {kind: shown(browser, kind) for kind in ("kiosk", "monitor")}
    assert codes == {kind: shown(browser, kind) for kind in codes} and len(set(codes.values())) == 2


def test_new_code_comes_when_the_old_one_has_lapsed(clock: Clock, db: None) -> None:
    browser = Client()
    old = shown(browser)
    assert browser.get("/pair/monitor/wait/").json() == {"waits": True}
    clock.add(minutes=10)
    assert browser.get("/pair/monitor/wait/").json() == {"waits": False}
    assert shown(browser) != old and browser.get("/pair/monitor/wait/").json() == {"waits": True}


def test_no_code_is_given_while_too_many_wait(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairings, "MOST_AT_ONE_ADDRESS", 1)
    shown(Client())
    reply = Client().get("/pair/kiosk/")
    assert reply.status_code == 429 and "Too many screens" in text_of(reply)
    assert Marks(text_of(reply)).having("http-equiv", "refresh") and Pairing.objects.count() == 1


@pytest.mark.parametrize("address", ["/pair/desk/", "/pair/desk/wait/", "/devices/desk/", "/devices/kiosk/"])
def test_other_kinds_and_other_browsers_get_nothing(db: None, address: str) -> None:
    assert Client().get(address).status_code == 404


# --- At the desk -------------------------------------------------------------------------------------------------


def test_browser_goes_on_once_its_code_was_entered(harbor: Clinic, desk: Client) -> None:
    browser = Client()
    code = shown(browser)
    reply = desk.post(ENTER, {"code": code, "device": "", "name": "Hall"})
    device = Device.objects.get()
    assert reply["Location"] == f"/desk/devices/{device.pk}/"
    assert browser.get("/pair/monitor/wait/").json() == {"waits": False}
    assert browser.get("/pair/monitor/")["Location"] == "/monitor/"
    assert browser.get("/monitor/").status_code == 200 and browser.get("/pair/monitor/")["Location"] == "/monitor/"
    assert browser.cookies[access.pairing_cookie("monitor")]["max-age"] == 0


def test_double_press_leads_to_the_device(harbor: Clinic, desk: Client) -> None:
    said = {"code": shown(Client()), "device": "", "name": "Hall"}
    assert Marks(text_of(desk.get(ENTER))).having("src", "/static/bundles/forms.js")
    assert desk.post(ENTER, said)["Location"] == desk.post(ENTER, said)["Location"]


@pytest.mark.parametrize(("kind", "fragment"), [("monitor", "/monitor/board/"), ("kiosk", "/devices/report/")])
def test_device_that_is_in_use_stays_paired(harbor: Clinic, kind: str, fragment: str) -> None:
    browser, name = Client(), access.cookie_name(kind)
    browser.cookies[name] = make_device(harbor, kind)[1]
    assert name in browser.get(f"/{kind}/").cookies and browser.cookies[name]["max-age"] == 400 * 24 * 3600
    assert name not in browser.get(fragment).cookies


def test_kiosk_that_nobody_has_measured_asks_for_it_first(harbor: Clinic, desk: Client) -> None:
    browser = Client()
    desk.post(ENTER, {"code": shown(browser, "kiosk"), "device": "", "name": "Door"})
    assert browser.get("/pair/kiosk/")["Location"] == "/devices/kiosk/"
    Device.objects.update(px_per_mm=4)
    browser = Client()
    desk.post(ENTER, {"code": shown(browser, "kiosk"), "device": str(Device.objects.get().pk)})
    assert browser.get("/pair/kiosk/")["Location"] == "/kiosk/"


def test_wrong_code_is_told_in_words_and_keeps_what_was_written(harbor: Clinic, desk: Client) -> None:
    reply = desk.post(ENTER, {"code": "BCDF-GHJK", "device": "", "name": "Hall"})
    page = Marks(text_of(reply))
    assert reply.status_code == 422 and "No screen shows this code now" in page.text
    assert page.having("value", "BCDF-GHJK") and page.having("value", "Hall") and "<title>Error:" in text_of(reply)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"code": "", "name": "Hall"}, "Please write the eight letters"),
        ({"code": "BCDFGHJK"}, "Please write where it stands"),
        ({"code": "BCDFGHJK", "name": "\u202ellaH"}, "Please use only letters"),
        ({"code": "BCDFGHJK", "device": "999"}, "not in the list any more"),
        ({"code": "B" * 31, "name": "Hall"}, "at most 30"),
    ],
)
def test_form_says_what_is_missing_and_counts_no_guess(desk: Client, said: dict[str, str], words: str) -> None:
    reply = desk.post(ENTER, said)
    assert reply.status_code == 422 and words in text_of(reply)


def test_device_of_another_clinic_cannot_be_chosen(harbor: Clinic, desk: Client) -> None:
    theirs, _token = make_device(make_clinic("inland"), "monitor")
    reply = desk.post(ENTER, {"code": shown(Client()), "device": str(theirs.pk)})
    assert reply.status_code == 422 and Pairing.objects.count() == 1
    for address in (f"{LIST}{theirs.pk}/", f"{LIST}{theirs.pk}/revoke/"):
        assert desk.get(address).status_code == 404
    assert "Entrance" not in text_of(desk.get(LIST))


@pytest.mark.parametrize("address", [ENTER, LIST, LIST + "{}/"])
def test_devices_are_for_clerks_and_managers(harbor: Clinic, address: str) -> None:
    address = address.format(make_device(harbor)[0].pk)
    assert Client().get(address)["Location"].startswith("/login/")
    assert logged_in(make_user("olu", harbor, "ops")).get(address).status_code == 404
    assert logged_in(make_user("zoe", None)).get(address).status_code == 404
    for name, role in (("ann", "clerk"), ("mo", "manager")):
        assert logged_in(make_user(name, harbor, role)).get(address).status_code == 200


# --- The list, and locking out -----------------------------------------------------------------------------------


def test_list_is_empty_with_words(desk: Client) -> None:
    page = text_of(desk.get(LIST))
    assert "is paired yet" in page and Marks(page).having("href", ENTER)


def test_list_tells_how_each_is(harbor: Clinic, manager: Client) -> None:
    device, _token = make_device(harbor, "monitor", "Hall")
    devices.report(device, devices.Said("0a1b2c3d", "both", "off", 3, 90))
    gone, _token = make_device(harbor, "kiosk", "Gone")
    devices.revoke(gone)
    page = Marks(text_of(manager.get(LIST)))
    for words in ("Hall", "under 10 s ago", "older: 0a1b2c3d", "both paths", "Sound is off", "locked out"):
        assert words in page.text
    assert page.having("href", f"{LIST}{device.pk}/revoke/") and not page.having(
        "href", f"{LIST}{gone.pk}/revoke/"
    )


@pytest.mark.parametrize(("kind", "words"), [("kiosk", "Within a minute it"), ("monitor", "Within a second it")])
def test_page_says_how_soon_each_kind_is_locked_out(
    harbor: Clinic, manager: Client, kind: str, words: str
) -> None:
    device, _token = make_device(harbor, kind)
    assert words in text_of(manager.get(f"{LIST}{device.pk}/revoke/"))


def test_only_managers_lock_out_and_are_asked_first(harbor: Clinic, desk: Client, manager: Client) -> None:
    device, token = make_device(harbor, "monitor", "Hall")
    browser = Client()
    browser.cookies[access.cookie_name("monitor")] = token
    address = f"{LIST}{device.pk}/revoke/"
    assert desk.get(address).status_code == 404 and desk.post(address).status_code == 404
    assert "Lock out Wait-room screen Hall?" in text_of(manager.get(address))
    assert browser.get("/monitor/").status_code == 200
    assert manager.post(address)["Location"] == LIST
    assert browser.get("/monitor/board/")["Location"] == "/pair/monitor/"
    assert shown(browser)
