from __future__ import annotations

from time import perf_counter
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client, RequestFactory

from clinic import known_browsers, limits
from clinic.models import AuditEvent, Pairing
from clinic.networks import network
from tests.clinic.sessions.log_ins import is_in, send_password, set_up
from tests.factories import make_user

pytestmark = pytest.mark.django_db
CLINIC, FAR = "10.0.0.1", "203.0.113.{}"


@pytest.fixture
def desk(ana: User) -> Client:
    """A browser in which Ana has worked."""
    client = Client(REMOTE_ADDR=CLINIC)
    send_password(client, "ana")
    client.post("/logout/")
    return client


def fail(address: str, name: str = "ana", times: int = 1) -> list[int]:
    client = Client(REMOTE_ADDR=address)
    return [send_password(client, name, "wrong").status_code for _n in range(times)]


def let_in(client: Client, name: str = "ana") -> bool:
    send_password(client, name)
    return is_in(client)


def test_phone_in_the_waiting_room_keeps_nobody_from_a_desk(desk: Client, ben: User) -> None:
    seen = [fail(CLINIC, f"name{n}")[0] for n in range(limits.LOG_IN.most + 5)]
    assert seen[-1] == 429 and not let_in(Client(REMOTE_ADDR=CLINIC))
    assert let_in(desk), "she herself, where she worked before"
    desk.post("/logout/")
    assert let_in(desk, "ben"), "a colleague at the same desk"


def test_phone_that_guesses_at_one_name_keeps_her_not_from_her_desk(desk: Client) -> None:
    assert fail(CLINIC, times=6)[-1] == 429 and not let_in(Client(REMOTE_ADDR=CLINIC))
    assert let_in(desk)


def test_one_name_has_fifty_failures_an_hour_over_all_addresses(desk: Client, ben: User) -> None:
    seen = [fail(FAR.format(n))[0] for n in range(limits.LOG_IN_NAME.most + 1)]
    assert seen == [200] * limits.LOG_IN_NAME.most + [429]
    assert fail("198.51.100.7") == fail("198.51.100.7", " ANA") == [429], "however it is written"
    assert let_in(Client(REMOTE_ADDR="198.51.100.7"), "ben") and let_in(desk)


@pytest.mark.parametrize("password", ["wrong", ""])
def test_one_network_uses_up_nobodys_name(ana: User, monkeypatch: Any, password: str) -> None:
    """Neither by going on where it is locked, nor by what is no try at all."""
    ahead = [0.0]
    monkeypatch.setattr(limits.time, "monotonic", lambda: perf_counter() + ahead[0])
    stranger = Client(REMOTE_ADDR=CLINIC)
    for name in ("ana", "nobody"):
        for _n in range(limits.LOG_IN_NAME.most + 5):
            ahead[0] += 3
            send_password(stranger, name, password)
        assert send_password(Client(REMOTE_ADDR=FAR.format(1)), name, "wrong").status_code == 200
    assert let_in(Client(REMOTE_ADDR=FAR.format(2)))


def test_ten_networks_that_guess_all_they_can_use_a_name_up(ana: User) -> None:
    for n in range(10):
        assert fail(FAR.format(n), times=6)[-1] == 429
    assert fail("198.51.100.7") == [429]


def test_share_of_a_network_is_what_it_may_try(settings: Any) -> None:
    tries, wait = settings.AXES_FAILURE_LIMIT, settings.AXES_COOLOFF_TIME
    assert (limits.LOG_IN_SHARE.most, limits.LOG_IN_SHARE.seconds) == (tries, wait.total_seconds())


def test_unknown_names_are_counted_as_known_ones(ana: User) -> None:
    seen = [fail(FAR.format(n), "nobody")[0] for n in range(limits.LOG_IN_NAME.most + 1)]
    assert seen[-2:] == [200, 429]


def test_browser_that_knows_one_name_is_no_way_to_guess_at_another(desk: Client, ben: User) -> None:
    for n in range(limits.LOG_IN_NAME.most):
        fail(FAR.format(n), "ben")
    assert send_password(desk, "ben", "wrong").status_code == 429


def test_known_browser_has_five_tries_too_wherever_it_is(desk: Client) -> None:
    seen = []
    for n in range(6):
        desk.defaults["REMOTE_ADDR"] = FAR.format(n)
        seen.append(send_password(desk, "ana", "wrong").status_code)
    assert seen == [200] * 4 + [429] * 2 and not let_in(desk)
    assert let_in(Client(REMOTE_ADDR=CLINIC)), "its tries are its own"


def test_known_browser_has_thirty_failures_a_minute_too(desk: Client) -> None:
    seen = [send_password(desk, f"name{n}", "wrong").status_code for n in range(limits.LOG_IN.most + 1)]
    assert seen == [200] * limits.LOG_IN.most + [429]


def test_second_step_is_part_of_being_known(harbor: Any) -> None:
    mo, client = make_user("mo", harbor, "manager"), Client()
    send_password(client, "mo")
    assert known_browsers.NAME not in client.cookies
    set_up(client, mo)
    assert known_browsers.NAME in client.cookies


def test_cookie_names_nobody_and_goes_nowhere_else(desk: Client) -> None:
    cookie = desk.cookies[known_browsers.NAME]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["domain"]) == (True, "Strict", "/", "")
    assert cookie["max-age"] == known_browsers.LIFE
    request = RequestFactory().get("/")
    request.COOKIES[known_browsers.NAME] = cookie.value
    browser = known_browsers.of(request)
    assert browser.knows("ana") and not browser.knows("ben") and "ana" not in str(browser)


@pytest.mark.parametrize("said", ["", "x", "a:b:c", "\x00", "e30:1:x", "ana"])
def test_cookie_that_is_not_ours_is_a_strangers(ana: User, said: str) -> None:
    client = Client(REMOTE_ADDR=CLINIC)
    client.cookies[known_browsers.NAME] = said
    assert [send_password(client, "ana", "wrong").status_code for _n in range(5)] == [200] * 4 + [429]


def test_browser_keeps_the_last_twenty(ana: User) -> None:
    request = RequestFactory().get("/")
    for n in range(known_browsers.MOST + 1):
        client = Client()
        response = client.get("/login/")
        known_browsers.remember(request, response, f"name{n}")
        request.COOKIES[known_browsers.NAME] = response.cookies[known_browsers.NAME].value
    browser = known_browsers.of(request)
    assert len(browser.names) == known_browsers.MOST
    assert browser.knows(f"name{known_browsers.MOST}") and browser.knows("name1") and not browser.knows("name0")
    assert len(request.COOKIES[known_browsers.NAME]) < 1000


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::"),
        ("", ""),
        ("unix:", ""),
    ],
)
def test_ipv6_is_counted_by_its_network(address: str, counted: str) -> None:
    assert network(RequestFactory().get("/", REMOTE_ADDR=address)) == counted


def test_another_address_of_the_same_network_is_no_way_around(ana: User) -> None:
    assert [fail(f"2001:db8::{n:x}")[0] for n in range(6)] == [200] * 4 + [429] * 2
    assert fail("2001:db8:0:1::1") == [200]
    addresses = set(AuditEvent.objects.values_list("address", flat=True))
    assert "2001:db8::3" in addresses, "the audit tells the whole address"


def test_screens_that_ask_to_be_paired_are_counted_so_too(client: Client) -> None:
    for n in range(3):
        Client(REMOTE_ADDR=f"2001:db8::{n:x}").get("/pair/kiosk/")
    assert set(Pairing.objects.values_list("address", flat=True)) == {"2001:db8::"}


@pytest.mark.parametrize(
    ("typed", "known"), [(" ana ", True), ("ana\0", False), ("\0", False), ("a" * 200, False)]
)
def test_failure_is_told_of_whom_it_was_tried_against(ana: User, typed: str, known: bool) -> None:
    assert send_password(Client(), typed, "wrong").status_code == 200
    assert AuditEvent.objects.get().object_id == (str(ana.pk) if known else "")


def test_name_with_spaces_is_counted_as_the_one_without(ana: User) -> None:
    seen = [fail(CLINIC, name)[0] for name in ("ana", " ana", "ana ", "\uff41na", "ANA")]
    assert seen == [200] * 4 + [429]
