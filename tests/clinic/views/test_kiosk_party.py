"""The kiosk for people who came together: one visit each, one press at the end."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from clinic.models import Clinic, Visit
from clinic.services import LARGEST_PARTY, Actor, move
from clinic.states import Verb
from tests.clinic.views.kiosk_pages import BORN, LAST, Marks, answer, finish

pytestmark = pytest.mark.django_db
CHILD = {**BORN, "birth_year": "2019"}


def add(kiosk: Client, name: str, born: dict[str, str] = CHILD, **said: str) -> None:
    """One more person, from the check page back to it."""
    assert kiosk.post("/kiosk/others/")["Location"] == "/kiosk/name/"
    names = {"given_name": name, "family_name": "Miller", **said}
    assert kiosk.post("/kiosk/name/", names)["Location"] == "/kiosk/birth/"
    assert kiosk.post("/kiosk/birth/", born)["Location"] == "/kiosk/reason/", "the phone is asked once"
    assert kiosk.post("/kiosk/reason/", {"reason": "illness"})["Location"] == LAST


def tickets_in(page: str) -> list[str]:
    return [str(one["data-ticket"]) for one in Marks(page).having("data-ticket")]


def shown(kiosk: Client, address: str = LAST) -> str:
    """The text of a page."""
    return text(kiosk.get(address).content.decode())


def text(page: str) -> str:
    return " ".join(re.sub("<[^>]*>", " ", page).split())


def names() -> list[str]:
    return list(Visit.objects.order_by("pk").values_list("given_name", flat=True))


def test_parent_and_children_get_one_visit_each_and_all_tickets(clinic: Clinic, kiosk: Client) -> None:
    answer(kiosk)
    add(kiosk, "Ola")
    add(kiosk, "Jan", reason="x")
    page = finish(kiosk)
    parent, ola, jan = Visit.objects.order_by("pk")
    assert tickets_in(page) == [parent.ticket, ola.ticket, jan.ticket] and "Your tickets" in page
    assert [one.party for one in (parent, ola, jan)] == [None, parent, parent]
    assert [one.answered_by for one in (parent, ola, jan)] == ["", "Bob Miller", "Bob Miller"]
    assert [one.reason for one in (parent, ola, jan)] == ["injury", "illness", "illness"]
    assert {one.phone for one in (parent, ola, jan)} == {"+12025550143"}
    for name in ("Bob", "Ola", "Jan"):
        assert name in page, "each ticket says whose it is"


def test_one_who_comes_alone_is_not_named_beside_the_ticket(kiosk: Client) -> None:
    answer(kiosk)
    page = finish(kiosk)
    assert len(tickets_in(page)) == 1 and "Bob" not in page


def test_last_button_pressed_twice_makes_each_visit_once(kiosk: Client) -> None:
    answer(kiosk)
    add(kiosk, "Ola")
    before = kiosk.cookies.copy()
    first = tickets_in(finish(kiosk))
    kiosk.cookies = before
    assert tickets_in(finish(kiosk)) == first and Visit.objects.count() == 2


def test_next_person_is_asked_in_words_that_fit_with_the_familys_name_there(kiosk: Client) -> None:
    answer(kiosk)
    kiosk.post("/kiosk/others/")
    page = kiosk.get("/kiosk/name/").content.decode()
    assert "What is the next person&#x27;s name?" in page and "Person 2: step 1 of 4" in page
    assert Marks(page).having("value", "Miller") and not Marks(page).having("value", "Bob")
    kiosk.post("/kiosk/name/", {"given_name": "Ola", "family_name": "Miller"})
    assert "When was this person born?" in shown(kiosk, "/kiosk/birth/")
    kiosk.post("/kiosk/birth/", CHILD)
    assert "Why is this person here?" in shown(kiosk, "/kiosk/reason/")


def test_check_page_without_the_next_persons_answers_leads_to_them(kiosk: Client) -> None:
    answer(kiosk)
    kiosk.post("/kiosk/others/")
    for address in (LAST, "/kiosk/reason/"):
        assert kiosk.get(address)["Location"] == "/kiosk/name/"


def test_next_person_is_dropped_again(kiosk: Client) -> None:
    answer(kiosk)
    kiosk.post("/kiosk/others/")
    assert Marks(kiosk.get("/kiosk/name/").content.decode()).having("action", "/kiosk/others/drop/")
    assert kiosk.post("/kiosk/others/drop/")["Location"] == LAST
    assert "Bob Miller" in shown(kiosk) and "Together with" not in shown(kiosk)
    finish(kiosk)
    assert names() == ["Bob"]


def test_any_of_them_is_changed_from_the_check_page(kiosk: Client) -> None:
    answer(kiosk)
    add(kiosk, "Ola")
    assert kiosk.post("/kiosk/others/0/")["Location"] == LAST
    kiosk.post("/kiosk/name/?change=1", {"given_name": "Rob", "family_name": "Miller"})
    assert "Rob Miller" in shown(kiosk) and "Ola Miller" in shown(kiosk)
    finish(kiosk)
    assert sorted(names()) == ["Ola", "Rob"]


def test_any_of_them_is_removed_from_the_check_page(kiosk: Client) -> None:
    answer(kiosk)
    add(kiosk, "Ola")
    add(kiosk, "Jan")
    kiosk.post("/kiosk/others/1/remove/")
    assert "Ola Miller" not in shown(kiosk)
    finish(kiosk)
    assert names() == ["Bob", "Jan"]


def test_as_many_as_may_come_together_and_then_the_desk(kiosk: Client) -> None:
    answer(kiosk)
    for n in range(LARGEST_PARTY - 1):
        add(kiosk, f"Child{'abcdefgh'[n]}")
    assert "Up to 8 people can check in together" in shown(kiosk)
    assert not Marks(kiosk.get(LAST).content.decode()).having("action", "/kiosk/others/")
    assert kiosk.post("/kiosk/others/")["Location"] == LAST, "not one more, whatever is sent"
    assert len(tickets_in(finish(kiosk))) == LARGEST_PARTY


@pytest.mark.parametrize("act", ["", "drop/", "0/", "7/", "0/remove/", "99999999999/remove/"])
@pytest.mark.parametrize("upto", ["/kiosk/arrival/", "/kiosk/birth/", LAST])
def test_no_press_at_a_wrong_time_loses_or_doubles_a_person(kiosk: Client, act: str, upto: str) -> None:
    answer(kiosk, upto=upto)
    kiosk.get(f"/kiosk/others/{act}")
    if (act, upto) != ("", LAST):
        kiosk.post(f"/kiosk/others/{act}")
    answer(kiosk)
    finish(kiosk)
    assert names() == ["Bob"]
    assert kiosk.post(f"/kiosk/others/{act}")["Location"] == "/kiosk/ticket/"


# --- A child, and the adult who answers --------------------------------------------------------------------------


@pytest.mark.parametrize(("born", "asked"), [(CHILD, True), (BORN, False)])
def test_only_a_child_is_asked_for_the_adult_who_answers(kiosk: Client, born: dict[str, str], asked: bool) -> None:
    answer(kiosk, upto="/kiosk/birth/")
    kiosk.post("/kiosk/birth/", born)
    page = Marks(kiosk.get("/kiosk/phone/").content.decode())
    assert bool(page.having("name", "answered_by")) is asked


def child_alone(kiosk: Client, adult: str) -> Any:
    answer(kiosk, upto="/kiosk/birth/")
    kiosk.post("/kiosk/birth/", CHILD)
    reply = kiosk.post("/kiosk/phone/", {"phone": "", "answered_by": adult})
    kiosk.post("/kiosk/reason/", {"reason": "skin"})
    return reply


@pytest.mark.parametrize("adult", ["Eva Larsen", ""])
def test_child_with_an_adult_who_is_no_patient(kiosk: Client, adult: str) -> None:
    child_alone(kiosk, adult)
    assert f"Adult who answers {adult or 'None given'}" in shown(kiosk)
    finish(kiosk)
    assert Visit.objects.get().answered_by == adult


@pytest.mark.parametrize("wrong", ["\x07Eva", "123", "E" * 202])
def test_no_adults_name_that_is_none(kiosk: Client, wrong: str) -> None:
    reply = child_alone(kiosk, wrong)
    page = Marks(reply.content.decode())
    assert reply.status_code == 422 and page.having("id", "id_answered_by_error")


# --- Here already ------------------------------------------------------------------------------------------------


def test_one_who_checks_in_again_sees_the_same_ticket_and_where_to_go(clinic: Clinic, kiosk: Client) -> None:
    answer(kiosk)
    (first,) = tickets_in(finish(kiosk))
    kiosk.post("/kiosk/wipe/")
    room = clinic.rooms.all()[0]
    move(clinic, Visit.objects.get().public_id, Verb.CALL, by=Actor(), room=room)
    answer(kiosk)
    page = finish(kiosk)
    assert tickets_in(page) == [first] and Visit.objects.count() == 1
    assert "You were called: please go to Room 1." in page and "ahead of you" not in page
    assert "take a seat" not in page, "nobody is told to sit down and to go at once"


def test_same_person_twice_in_one_party_is_one(kiosk: Client) -> None:
    answer(kiosk)
    add(kiosk, "bob", BORN)
    assert len(tickets_in(finish(kiosk))) == 1 and Visit.objects.count() == 1


# --- Booked ------------------------------------------------------------------------------------------------------


def test_rule_for_the_place_in_line_is_on_the_page(clinic: Clinic, kiosk: Client) -> None:
    rule = "With an appointment: on time, or up to 60 minutes late, you keep its place in line."
    answer(kiosk, arrival="booked")
    assert rule in shown(kiosk, "/kiosk/arrival/")
    assert rule in text(finish(kiosk))


def test_walk_in_is_not_told_of_appointments_on_the_ticket(kiosk: Client) -> None:
    answer(kiosk)
    assert "With an appointment" not in finish(kiosk)
