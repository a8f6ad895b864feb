"""Finding a card without script, and what the page says near a card and in its title."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from clinic.models import Clinic, Room, Visit
from clinic.services import ask_for_help
from tests.clinic.views.desk_pages import card, desk, logged_in, message, press, seen, send
from tests.factories import make_user, make_visit

pytestmark = pytest.mark.django_db


def shown(client: Client, words: str) -> set[str]:
    """The tickets of the cards that a search shows."""
    page = client.post("/desk/", {"q": words}).content.decode()
    tags = re.findall(r'<form class="card"[^>]*>', page)
    return {re.findall(r'data-ticket="(\w*)"', tag)[0] for tag in tags if not re.search(r"\shidden\s", tag)}


@pytest.fixture
def people(clinic: Clinic) -> list[Visit]:
    return [
        make_visit(clinic, "José", "Núñez"),
        make_visit(clinic, "Ana", "Lopez"),
        make_visit(clinic, "Bob", "Hill"),
    ]


def test_search_shows_the_cards_that_it_finds_and_keeps_the_others_on_the_page(
    people: list[Visit], ana: Client
) -> None:
    jose, lopez, hill = (visit.ticket for visit in people)
    assert shown(ana, "nunez") == {jose}
    assert shown(ana, lopez.lower()) == {lopez}
    assert shown(ana, "o") == {jose, lopez, hill}
    assert shown(ana, "") == {jose, lopez, hill}
    assert shown(ana, "zz") == set()


def test_search_says_how_many_it_found_and_keeps_what_was_typed(people: list[Visit], ana: Client) -> None:
    page = ana.post("/desk/", {"q": 'lo "p'}).content.decode()
    assert 'value="lo &quot;p"' in page and "1 of 3 shown" in page
    assert "of 3 shown<" not in desk(ana)


def test_search_is_never_part_of_an_address(people: list[Visit], ana: Client) -> None:
    assert '<form class="search" id="search" method="post" action="/desk/"' in desk(ana)
    assert "of 3 shown<" not in ana.get("/desk/", {"q": "nunez"}).content.decode()
    ana.post("/desk/", {"q": "nunez"})
    assert "nunez" not in str(dict(ana.session)) and "of 3 shown<" not in desk(ana)


def test_call_next_does_not_mind_the_search(people: list[Visit], ana: Client) -> None:
    page = ana.post("/desk/", {"q": "zz"}).content.decode()
    assert f'Call next <span class="ticket">{people[0].ticket}</span>' in page


def test_refusal_names_the_card_that_it_is_about(clinic: Clinic, ana: Client, ben: Client, room: Room) -> None:
    visit = make_visit(clinic)
    known = seen(card(desk(ben), visit))
    press(ana, visit, "call", room=room.pk)
    refused = message(send(ben, visit, "call", room=room.pk, seen=known))
    assert f'class="said is-error" data-near="{visit.public_id}"' in refused
    assert f'href="#card-{visit.public_id}"' in refused and f'id="card-{visit.public_id}"' in desk(ben)


def test_title_of_the_tab_says_that_help_is_needed(clinic: Clinic, ana: Client) -> None:
    assert "<title>Front desk, Harbor</title>" in desk(ana)
    ask_for_help(clinic, None)
    assert "<title>(!) Front desk, Harbor</title>" in desk(ana)


def test_every_page_of_the_desk_shows_that_help_is_needed(clinic: Clinic) -> None:
    mo = logged_in(make_user("mo", clinic, "manager"))
    call = ask_for_help(clinic, None)
    for place in ("check-in", "bookings", "day", "devices", "devices/pair"):
        page = mo.get(f"/desk/{place}/").content.decode()
        assert f'action="/desk/help/{call.pk}/"' in page and 'data-board-url="/desk/alarms/"' in page
    assert f'action="/desk/help/{call.pk}/"' in mo.get("/desk/alarms/").content.decode()
