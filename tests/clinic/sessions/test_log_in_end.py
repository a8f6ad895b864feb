"""What pages of staff are told of the end of their log-in, and what the button in that notice does."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from clinic import session_middleware
from clinic.models import Clinic, Membership, StaffSession
from tests.clinic.conftest import Clock
from tests.clinic.sessions.log_ins import code_of, send_password
from tests.factories import make_destination, make_user

pytestmark = pytest.mark.django_db
MINUTE = 60_000


@pytest.fixture(autouse=True)
def times(lasting_log_ins: None, settings: Any) -> None:
    settings.SESSION_IDLE, settings.SESSION_COOKIE_AGE = timedelta(minutes=15), 12 * 3600


@pytest.fixture
def client(clock: Clock, ana: User) -> Client:
    client = Client()
    send_password(client, "ana")
    return client


def left(told: dict[str, Any]) -> float:
    """Minutes."""
    return float(told["ends"] - told["now"]) / MINUTE


def test_it_is_told_by_the_servers_clock_and_not_moved_by_asking(client: Client, clock: Clock) -> None:
    began = clock.at
    for minute in (0, 5, 14):
        clock.at = began + timedelta(minutes=minute)
        told = client.get("/login/time/").json()
        assert told["now"] == int(clock.at.timestamp() * 1000)
        assert left(told) == pytest.approx(15 - minute) and told["final"] is False
    assert abs(StaffSession.objects.get().expire_date.timestamp() * 1000 - told["ends"]) < 1000, (
        "as the row has it"
    )


def test_button_is_an_act(client: Client, clock: Clock) -> None:
    clock.add(minutes=14)
    assert left(client.post("/login/stay/").json()) == pytest.approx(15)
    clock.add(minutes=14)
    assert left(client.get("/login/time/").json()) == pytest.approx(1)


def test_near_the_twelfth_hour_no_button_moves_the_end(client: Client, clock: Clock) -> None:
    for _ten_minutes in range(71):
        clock.add(minutes=10)
        client.post("/login/stay/")
    told = client.post("/login/stay/").json()
    assert told["final"] is True and left(told) == pytest.approx(10)
    clock.add(minutes=10)
    assert client.get("/login/time/").status_code == client.post("/login/stay/").status_code == 401


def test_who_was_logged_out_is_told_so_and_led_nowhere(client: Client) -> None:
    StaffSession.objects.all().delete()
    answer = client.get("/login/time/")
    assert (answer.status_code, answer.json()) == (401, {}) and "no-store" in answer["Cache-Control"]
    assert client.get("/desk/")["Location"].endswith("&ended=1"), "the page that follows says why"


def test_press_after_the_end_is_told_so_and_the_page_that_follows_says_why(client: Client, clock: Clock) -> None:
    """The answer to a script takes no cookie away: by that the next page knows that there was a log-in."""
    clock.add(minutes=15, seconds=1)
    answer = client.post("/login/stay/")
    assert (answer.status_code, answer.json(), list(answer.cookies)) == (401, {}, [])
    assert client.get("/desk/")["Location"] == "/login/?next=/desk/&ended=1"
    assert "ended" not in client.get("/desk/")["Location"], "once"


@pytest.mark.parametrize(("method", "path"), [("get", "/login/time/"), ("post", "/login/stay/")])
def test_answer_has_a_token_for_the_forms_of_a_page_that_another_log_in_made_stale(
    ana: User, method: str, path: str
) -> None:
    client = Client(enforce_csrf_checks=True)
    stale = log_in_by_form(client)
    fresh = log_in_by_form(client)
    assert client.post("/login/stay/", {"csrfmiddlewaretoken": stale}).status_code == 403
    said = {"csrfmiddlewaretoken": fresh} if method == "post" else {}
    token = getattr(client, method)(path, said).json()["token"]
    assert client.post("/login/stay/", {"csrfmiddlewaretoken": token}).status_code == 200


def log_in_by_form(client: Client) -> str:
    """In a tab of this browser. The token of the page that follows."""
    token = token_on(client.get("/login/").content.decode())
    client.post("/login/", {"username": "ana", "password": "pw-of-ana", "csrfmiddlewaretoken": token})
    return token_on(client.get("/desk/").content.decode())


def token_on(page: str) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert found
    return found[1]


def test_button_asks_for_the_forms_token(ana: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(ana)
    page = client.get("/desk/").content.decode()
    ends = StaffSession.objects.get().expire_date
    assert client.post("/login/stay/").status_code == 403 and StaffSession.objects.get().expire_date == ends
    token = re.search(r'action="/login/stay/" hidden><input[^>]*value="(\w+)"', page)
    assert token and client.post("/login/stay/", {"csrfmiddlewaretoken": token[1]}).status_code == 200


def test_only_the_question_is_asked_by_itself() -> None:
    assert "log_in_time" in session_middleware.LIVE and "log_in_stay" not in session_middleware.LIVE


def notice(page: str) -> dict[str, str]:
    found = re.search(r"<aside class=\"log-in-ends\"[^>]*>", page)
    assert found and "bundles/staff.js" in page
    return dict(re.findall(r'data-([\w-]+)="([^"]*)"', found[0]))


PAGES = {
    "manager": [
        "/desk/",
        "/desk/check-in/",
        "/desk/day/",
        "/desk/bookings/",
        "/desk/devices/",
        "/desk/devices/pair/",
    ],
    "ops": ["/ops/", "/ops/engine/", "/ops/engine/{emr}/", "/ops/engine/{emr}/resend/"],
    "auditor": ["/audit/"],
    "staff": ["/admin/", "/admin/clinic/clinic/", "/admin/auth/user/add/"],
}


@pytest.mark.parametrize(("role", "path"), [(role, path) for role, paths in PAGES.items() for path in paths])
@pytest.mark.usefixtures("live_redis")
def test_every_page_of_staff_that_lives_long_has_the_notice(
    harbor: Clinic, clock: Clock, role: str, path: str
) -> None:
    client, emr = Client(), make_destination(harbor)
    is_root = role == "staff"
    client.force_login(
        make_user("mo", harbor, "manager" if is_root else role, is_staff=is_root, is_superuser=is_root)
    )
    said = notice(client.get(path.format(emr=emr.pk)).content.decode())
    assert int(said["ends"]) - int(said["now"]) == 15 * MINUTE and said["warn"] == str(2 * MINUTE)
    assert said["now"] == str(int(clock.at.timestamp() * 1000)) and said["url"] == "/login/time/"
    assert said["next"] == path.format(emr=emr.pk)


def test_page_of_the_paper_codes_has_the_notice_of_the_log_in_that_begins_with_it(
    harbor: Clinic, clock: Clock
) -> None:
    client, mo = Client(), make_user("mo", harbor, "manager")
    send_password(client, "mo")
    client.get("/login/set-up/")
    clock.add(minutes=4)
    page = client.post("/login/set-up/", {"code": code_of(mo)}).content.decode()
    said = notice(page)
    assert len(re.findall(r"<li><code>", page)) == 10
    assert int(said["ends"]) == int(clock.at.timestamp() * 1000) + 15 * MINUTE
    assert said["now"] == str(int(clock.at.timestamp() * 1000)) and said["next"] == "/desk/"


def test_page_that_a_form_led_to_ends_where_one_may_look(client: Client) -> None:
    assert notice(client.post("/desk/check-in/", {}).content.decode())["next"] == "/desk/"


def test_hour_of_the_end_is_the_clinics_and_on_pages_of_all_clinics_utc(harbor: Clinic) -> None:
    for role, path, zone in [
        ("manager", "/desk/day/", harbor.time_zone),
        ("auditor", "/audit/", harbor.time_zone),
    ]:
        client = Client()
        client.force_login(make_user(role, harbor, role))
        assert f'data-at="{zone}"' in client.get(path).content.decode()
    Membership.objects.all().update(role="ops")
    page = client.get("/ops/engine/").content.decode()
    assert 'data-at="UTC"' in page and "</span> UTC</b>" in page


def test_short_idle_time_is_not_told_of_from_the_start(client: Client, settings: Any) -> None:
    settings.SESSION_IDLE = timedelta(minutes=3)
    assert notice(client.get("/desk/").content.decode())["warn"] == str(MINUTE)
