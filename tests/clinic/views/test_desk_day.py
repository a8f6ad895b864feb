"""The managers' summary of a day: who may see it, which day it is of, and that it names nobody."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from clinic.models import Clinic, Membership, Visit
from clinic.states import State, Verb
from tests.clinic.conftest import Clock
from tests.clinic.views.desk_pages import desk, logged_in
from tests.factories import do, make_clinic, make_user, make_visit, make_visit_in

pytestmark = pytest.mark.django_db
EVENING = datetime(2026, 2, 4, 2, 0, tzinfo=UTC)


@pytest.fixture
def mo(clinic: Clinic, clock: Clock) -> Client:
    clock.at = EVENING
    return logged_in(make_user("mo", clinic, "manager"))


def page(client: Client, asked: str = "") -> str:
    return str(client.get(f"/desk/day/{asked}").content.decode())


def figures(html: str) -> dict[str, str]:
    found = re.findall(r'data-figure="([\w-]+)">(.*?)</dd>', html, re.S)
    return {name: " ".join(re.sub("<[^>]*>", " ", words).split()) for name, words in found}


def test_managers_see_it_and_others_get_404(clinic: Clinic, mo: Client, ana: Client) -> None:
    assert mo.get("/desk/day/").status_code == 200 and 'href="/desk/day/"' in desk(mo)
    for client in (ana, logged_in(make_user("olu", clinic, "ops")), logged_in(make_user("eve"))):
        assert client.get("/desk/day/").status_code == 404
    assert 'href="/desk/day/"' not in desk(ana)
    assert Client().get("/desk/day/")["Location"] == "/login/?next=/desk/day/"


def test_manager_of_one_clinic_is_a_clerk_at_another(clinic: Clinic, mo: Client) -> None:
    hill = make_clinic("hill")
    Membership.objects.create(user_id=mo.session["_auth_user_id"], clinic=hill, role="clerk")
    assert mo.get("/desk/day/?clinic=hill").status_code == 404


def test_today_so_far_counts_this_clinic_alone_and_names_nobody(clinic: Clinic, mo: Client, clock: Clock) -> None:
    make_visit(make_clinic("hill"))
    clock.add(minutes=-40)
    called = make_visit(clinic, "Xaviera", "Zyxwvut")
    for state in (State.LEFT, State.NO_SHOW):
        make_visit_in(clinic, state)
    clock.add(minutes=40)
    do(called, Verb.CALL)
    html = page(mo)
    assert figures(html) == {
        "came": "3",
        "waiting": "0",
        "left": "2 67 %: 1 left, 1 did not come when called",
        "no-show": "0",
    }
    assert "This day is not over" in html and "Day after" not in html
    assert not re.search("Xaviera|Zyxwvut|Miller|A1[0-9]", html)


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("", "2026-02-03"),
        ("?day=2026-02-03", "2026-02-03"),
        ("?day=2026-02-01", "2026-02-01"),
        ("?day=2026-02-04", "2026-02-03"),
        ("?day=0001-01-01", "2026-02-03"),
        ("?day=9999-12-31", "2026-02-03"),
        ("?day=yesterday", "2026-02-03"),
    ],
)
def test_day_is_todays_unless_another_past_one_is_asked_for(mo: Client, asked: str, shown: str) -> None:
    assert f'id="day" name="day" value="{shown}"' in page(mo, asked)


def test_days_lead_to_each_other(mo: Client) -> None:
    html = page(mo, "?day=2026-02-02")
    assert 'href="?day=2026-02-01" rel="prev"' in html and 'href="?day=2026-02-03" rel="next"' in html
    assert "Nobody came on this day." in html


def test_each_picture_says_what_it_shows_and_has_its_figures_beside_it(
    clinic: Clinic, mo: Client, clock: Clock
) -> None:
    clock.add(minutes=-50)
    visits = [make_visit(clinic) for _one in range(6)]
    Visit.objects.update(promised_from=20, promised_to=35)
    for visit in visits:
        clock.add(minutes=5)
        do(visit, Verb.CALL)
        do(visit, Verb.ROOM)
    clock.at = EVENING + timedelta(minutes=1)
    html = page(mo)
    said = re.findall(r'<svg[^>]* role="img" aria-label="([^"]+)"', html)
    assert len(said) == html.count("<svg") == 5
    assert "From door to call: half within 18 min, nine of ten within 30 min" in said
    assert "Promised and real waits: 50% inside the range, 0% later, 0% over 15 min late" in said
    rows = re.findall(r'<tr><th scope="row">(.*?)</th>(.*?)</tr>', html)
    cells = {re.sub("<[^>]*>", "", name): re.sub("<[^>]*>", " ", row).split() for name, row in rows}
    assert cells["7 PM"] == ["6", "6", "18", "min"]
    assert cells["Inside the range"] == ["3", "50", "%"]
    assert "style=" not in html and not re.search(r"<script(?![^>]*\bsrc=)", html)
