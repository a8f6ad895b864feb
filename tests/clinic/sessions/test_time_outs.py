from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from clinic import rights
from clinic.access import cookie_name
from clinic.models import Clinic, StaffSession
from tests.clinic.conftest import Clock
from tests.clinic.sessions.log_ins import is_in, send_password
from tests.factories import make_device

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def times(lasting_log_ins: None, settings: Any) -> None:
    settings.SESSION_IDLE, settings.SESSION_COOKIE_AGE = timedelta(minutes=15), 12 * 3600


@pytest.fixture
def client(clock: Clock, ana: User) -> Client:
    client = Client()
    send_password(client, "ana")
    return client


def works(client: Client) -> bool:
    return client.get("/desk/").status_code == 200


def test_log_in_ends_fifteen_minutes_after_the_last_page(client: Client, clock: Clock) -> None:
    clock.add(minutes=14, seconds=59)
    assert works(client)
    clock.add(minutes=14, seconds=59)
    assert works(client)
    clock.add(minutes=15)
    assert not works(client)


def test_log_in_ends_after_twelve_hours_whatever_one_does(client: Client, clock: Clock) -> None:
    for _ten_minutes in range(6 * 12 - 1):
        clock.add(minutes=10)
        assert works(client)
    clock.add(minutes=10)
    assert not works(client)


LIVE_PAGES = {
    "the board": lambda client: client.get("/desk/board/"),
    "calls for help": lambda client: client.get("/desk/alarms/"),
    "a script": lambda client: client.get("/desk/", headers={"sec-fetch-dest": "empty"}),
    "a live part": lambda client: client.get("/ops/engine/", headers={"x-part": "1"}),
    "the notice before the end": lambda client: client.get("/login/time/"),
    "the vendor's stream": lambda client: client.get("/live/aaaaaaaaaaaaaaaaaaaaaaaaaa/vendor/"),
    "a device's report": lambda client: client.post("/devices/report/", {"kind": "kiosk"}),
}


# One that somebody reads, and that may say so why the log-in has ended.
BY_ITSELF = LIVE_PAGES | {"a page that loads itself": lambda client: client.get("/desk/devices/?itself")}


@pytest.mark.parametrize("what", BY_ITSELF)
def test_what_a_page_asks_by_itself_does_not_keep_the_log_in(client: Client, clock: Clock, what: str) -> None:
    for _minute in range(15):
        clock.add(minutes=1)
        BY_ITSELF[what](client)
    assert not works(client)


def test_list_of_devices_says_that_it_asks_by_itself(client: Client, settings: Any) -> None:
    page = client.get("/desk/devices/").content.decode()
    assert '<meta http-equiv="refresh" content="30; url=?itself">' in page
    # And with scripts, to browsers too that do not say what a request is for.
    script = (settings.BASE / "static/js/devices.js").read_text()
    assert script.count("fetch(") == script.count('"X-Part": "1"') == 1


def test_kiosk_and_screen_in_the_same_browser_do_not_keep_it(client: Client, clock: Clock, harbor: Clinic) -> None:
    for kind in ("kiosk", "monitor"):
        client.cookies[cookie_name(kind)] = make_device(harbor, kind)[1]
    for _minute in range(15):
        clock.add(minutes=1)
        assert client.get("/kiosk/").status_code == client.get("/monitor/").status_code == 200
    assert not works(client)


def test_form_that_is_sent_keeps_it(client: Client, clock: Clock) -> None:
    clock.add(seconds=50)
    client.post("/desk/call-next/")
    clock.add(minutes=14, seconds=50)
    assert works(client)


def test_use_is_written_down_once_a_minute(client: Client, clock: Clock) -> None:
    ends = []
    for _page in range(8):
        clock.add(seconds=15)
        assert works(client)
        ends.append(StaffSession.objects.get().expire_date)
    assert len(set(ends)) == 3


def test_socket_hears_of_the_end_from_the_row(client: Client, clock: Clock, harbor: Clinic, ana: User) -> None:
    cookies = {name: morsel.value for name, morsel in client.cookies.items()}
    grant = rights.may_listen(harbor.topic.name, cookies, ana)
    assert grant and rights.ended([grant]) == set()
    clock.add(minutes=15)
    assert rights.ended([grant]) == {grant}


def test_page_says_why_one_has_to_log_in_again(client: Client, clock: Clock) -> None:
    clock.add(minutes=16)
    assert client.get("/desk/board/")["Location"] == "/login/?next=/desk/board/"
    answer = client.get("/desk/")
    assert answer["Location"] == "/login/?next=/desk/&ended=1"
    assert "some time without a tap" in client.get(answer["Location"]).content.decode()
    assert "some time without a tap" not in client.get("/login/?next=/desk/").content.decode()


def test_who_was_never_logged_in_is_told_nothing(client: Client) -> None:
    client.post("/logout/")
    assert client.get("/desk/")["Location"] == "/login/?next=/desk/"


def test_one_who_is_logged_out_on_the_server_is_so_at_once(client: Client) -> None:
    StaffSession.objects.all().delete()
    assert not works(client) and not is_in(client)


def test_idle_time_of_settings_is_what_counts(client: Client, clock: Clock, settings: Any) -> None:
    settings.SESSION_IDLE = timedelta(minutes=2)
    client.post("/desk/call-next/")
    clock.add(minutes=2)
    assert not works(client)


def test_cookie_lasts_no_longer_than_the_browser(client: Client) -> None:
    cookie = next(morsel for name, morsel in client.cookies.items() if name.endswith("session"))
    assert (cookie["max-age"], cookie["httponly"], cookie["samesite"]) == ("", True, "Lax")


def test_what_a_page_asks_by_itself_does_not_take_the_reason_away(client: Client, clock: Clock) -> None:
    clock.add(minutes=16)
    for what in LIVE_PAGES.values():
        what(client)
    assert client.get("/desk/")["Location"].endswith("&ended=1")
