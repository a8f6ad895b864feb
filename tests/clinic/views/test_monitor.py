from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from clinic.access import cookie_name
from clinic.models import Clinic
from clinic.models.places import LabelStyle
from clinic.services import Actor, call_next, move
from clinic.states import Verb
from tests.factories import make_clinic, make_device, make_visit

pytestmark = pytest.mark.django_db


@pytest.fixture
def clinic() -> Clinic:
    return make_clinic(time_zone="America/Chicago")


@pytest.fixture
def screen(clinic: Clinic) -> Client:
    _device, token = make_device(clinic, "monitor")
    client = Client()
    client.cookies[cookie_name("monitor")] = token
    return client


def call(clinic: Clinic) -> Any:
    return call_next(clinic, by=Actor(), room=clinic.rooms.all()[0]).visit


def html(client: Client, address: str = "/monitor/") -> str:
    return str(client.get(address).content.decode())


def states(page: str) -> list[tuple[str, str]]:
    return re.findall(r'<li data-ticket="(\w+)" data-state="(\w+)"', page)


def test_screen_carries_the_hooks_of_a_live_page(clinic: Clinic, screen: Client) -> None:
    page = html(screen)
    tag = re.search(r"<main[^>]*>", page)
    assert tag is not None
    for hook in (
        f'data-topic="{clinic.topic.name}"',
        f'data-version="{clinic.topic.version}"',
        'data-live="poll"',
        'data-board-url="/monitor/board/"',
        'data-poll="1500"',
    ):
        assert hook in tag[0]
    assert re.search(r'data-now="\d{13}"', tag[0])
    assert re.search(r"<script src=\"[^\"]*bundles/monitor\.js\" data-scope=\"/monitor/\" defer>", page)


def test_screen_has_no_inline_script_or_style(clinic: Clinic, screen: Client) -> None:
    make_visit(clinic)
    assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", html(screen)) == []


def test_board_shows_called_latest_first_then_waiting_in_order(clinic: Clinic, screen: Client) -> None:
    tickets = [make_visit(clinic, family=f"Person{n}").ticket for n in "abcd"]
    call(clinic)
    call(clinic)
    first, second, third, fourth = tickets
    expected = [(second, "called"), (first, "called"), (third, "waiting"), (fourth, "waiting")]
    assert states(html(screen)) == states(html(screen, "/monitor/board/")) == expected
    assert "Room 1" in html(screen)


def test_board_drops_who_went_into_a_room(clinic: Clinic, screen: Client) -> None:
    make_visit(clinic)
    move(clinic, call(clinic).public_id, Verb.ROOM, by=Actor())
    assert states(html(screen)) == []


def test_empty_board_says_what_to_do(screen: Client) -> None:
    assert "No one is waiting. Please check in at the kiosk." in html(screen)


@pytest.mark.parametrize(("style", "places"), [(LabelStyle.TICKET, 42), (LabelStyle.FIRST_NAME, 28)])
def test_more_than_fit_are_counted(clinic: Clinic, screen: Client, style: str, places: int) -> None:
    Clinic.objects.filter(pk=clinic.pk).update(label_style=style)
    for n in range(places + 3):
        make_visit(clinic, family=f"Person{n}")
    page = html(screen)
    assert "+ 3 more" in page and page.count('data-state="waiting" hidden') == 3


def test_names_never_reach_a_ticket_only_screen(clinic: Clinic, screen: Client) -> None:
    make_visit(clinic, "Plantedgiven", "Plantedfamily")
    make_visit(clinic, "Plantedsecond", "Plantedlast")
    call(clinic)
    assert "Planted" not in html(screen) + html(screen, "/monitor/board/")


def test_first_name_style_shows_first_name_and_initial_only(clinic: Clinic, screen: Client) -> None:
    Clinic.objects.filter(pk=clinic.pk).update(label_style=LabelStyle.FIRST_NAME)
    make_visit(clinic, "Maria Luisa", "Plantedfamily")
    page = html(screen)
    assert "Maria P." in page and "Luisa" not in page and "Planted" not in page


def test_board_with_its_etag_is_not_sent_again(clinic: Clinic, screen: Client) -> None:
    first = screen.get("/monitor/board/")
    for known in (first["ETag"], f"W/{first['ETag']}"):
        again = screen.get("/monitor/board/", headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
    make_visit(clinic)
    newer = screen.get("/monitor/board/", headers={"If-None-Match": first["ETag"]})
    assert newer.status_code == 200
    assert int(newer["X-Version"]) == int(first["X-Version"]) + 1


def test_another_clinics_tickets_are_not_shown(screen: Client) -> None:
    make_visit(make_clinic("hill"))
    assert states(html(screen)) == []
