"""The kiosk for people who came together: one visit each, one press at the end."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone

from clinic.kiosk_session import KioskSession
from clinic.models import Clinic, Visit
from clinic.services import LARGEST_PARTY, Actor, move
from clinic.states import Verb
from tests.clinic.views.kiosk_pages import BORN, LAST, Marks, answer, finish
from tests.factories import make_booking

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


def request_with(cookies: Any) -> Any:
    request = RequestFactory().get("/kiosk/")
    request.COOKIES = {name: morsel.value for name, morsel in cookies.items()}
    return request


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


def buttons(kiosk: Client, end: str, address: str = LAST) -> list[str]:
    """The addresses of the page's buttons that change who is asked: "remove/" or "" for Change."""
    marks = Marks(kiosk.get(address).content.decode())
    return [
        str(one["action"])
        for one in marks.having("action")
        if re.fullmatch(rf"/kiosk/others/[0-9a-f]+/{end}", str(one["action"]))
    ]


def test_next_person_is_dropped_again_and_a_second_tap_drops_nobody_else(kiosk: Client) -> None:
    answer(kiosk)
    add(kiosk, "Ola")
    kiosk.post("/kiosk/others/")
    (drop,) = buttons(kiosk, "remove/", "/kiosk/name/")
    for _tap in range(2):
        assert kiosk.post(drop)["Location"] == LAST
    finish(kiosk)
    assert names() == ["Bob", "Ola"]


def test_any_of_them_is_changed_from_the_check_page(kiosk: Client) -> None:
    answer(kiosk)
    add(kiosk, "Ola")
    (change,) = buttons(kiosk, "")
    for _tap in range(2):
        assert kiosk.post(change)["Location"] == LAST
    kiosk.post("/kiosk/name/?change=1", {"given_name": "Rob", "family_name": "Miller"})
    assert "Rob Miller" in shown(kiosk) and "Ola Miller" in shown(kiosk)
    finish(kiosk)
    assert sorted(names()) == ["Ola", "Rob"]


def test_any_of_them_is_removed_from_the_check_page(kiosk: Client) -> None:
    answer(kiosk)
    for name in ("Ola", "Jan", "Per"):
        add(kiosk, name)
    _per, _bob, ola, _jan = buttons(kiosk, "remove/")
    for _tap in range(2):
        kiosk.post(ola)
    assert "Ola Miller" not in shown(kiosk)
    finish(kiosk)
    assert names() == ["Bob", "Jan", "Per"]


def test_whoever_is_asked_last_is_removed_too_but_not_who_is_left_alone(kiosk: Client) -> None:
    answer(kiosk)
    add(kiosk, "Ola")
    ola, _bob = buttons(kiosk, "remove/")
    kiosk.post(ola)
    assert "Bob Miller" in shown(kiosk) and "Together with" not in shown(kiosk)
    assert buttons(kiosk, "remove/") == []


def test_as_many_as_may_come_together_and_then_the_desk(kiosk: Client) -> None:
    answer(kiosk)
    for n in range(LARGEST_PARTY - 1):
        add(kiosk, f"Child{'abcdefgh'[n]}")
    assert "Up to 8 people can check in together" in shown(kiosk)
    assert not Marks(kiosk.get(LAST).content.decode()).having("action", "/kiosk/others/")
    assert kiosk.post("/kiosk/others/")["Location"] == LAST, "not one more, whatever is sent"
    assert len(tickets_in(finish(kiosk))) == LARGEST_PARTY


@pytest.mark.parametrize("act", ["", "0/", "0123abcd/", "0123abcd/remove/", "99999999999/remove/"])
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
    reply = kiosk.post("/kiosk/phone/", {"phone": "", "answered_by": adult}, follow=True)
    kiosk.post("/kiosk/reason/", {"reason": "skin"})
    return reply


@pytest.mark.parametrize("adult", ["Eva Larsen", ""])
def test_child_with_an_adult_who_is_no_patient(kiosk: Client, adult: str) -> None:
    child_alone(kiosk, adult)
    assert f"Adult with this child {adult or 'None given'}" in shown(kiosk)
    finish(kiosk)
    assert Visit.objects.get().answered_by == adult


@pytest.mark.parametrize("wrong", ["\x07Eva", "123", "E" * 202])
def test_no_adults_name_that_is_none(kiosk: Client, wrong: str) -> None:
    reply = child_alone(kiosk, wrong)
    page = Marks(reply.content.decode())
    assert page.having("id", "id_answered_by_error")


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


def test_same_person_twice_in_one_party_is_refused_in_words_that_help_twins(kiosk: Client) -> None:
    answer(kiosk, given_name="")
    kiosk.post("/kiosk/others/")
    kiosk.post("/kiosk/name/", {"given_name": "", "family_name": "MILLER"})
    reply = kiosk.post("/kiosk/birth/", BORN, follow=True)
    assert "This person is on your list already. Twins?" in reply.content.decode()
    kiosk.post("/kiosk/name/", {"given_name": "Castor", "family_name": "Miller"})
    kiosk.post("/kiosk/birth/", BORN)
    kiosk.post("/kiosk/reason/", {"reason": "skin"})
    nobody = {"given_name": "", "family_name": "Miller"}
    assert kiosk.post("/kiosk/name/?change=1", nobody)["Location"] == "/kiosk/name/?change=1"
    assert len(tickets_in(finish(kiosk))) == 2


def test_change_of_the_phone_keeps_the_adult_who_answers(kiosk: Client) -> None:
    child_alone(kiosk, "Eva Larsen")
    add(kiosk, "Ola", BORN)
    page = Marks(kiosk.get("/kiosk/phone/?change=1").content.decode())
    assert page.having("value", "Eva Larsen"), "asked again, since one of them is a child"


def test_remove_that_comes_late_does_not_give_ones_ticket_to_another(clinic: Clinic, kiosk: Client) -> None:
    answer(kiosk)
    add(kiosk, "Ola")
    key_kept = kiosk.cookies.copy()
    tickets = tickets_in(finish(kiosk))
    store = KioskSession(request_with(key_kept))
    store.visit_ids = []
    store.remove(store.others[0]["who"])
    store.save(HttpResponse())
    assert tickets_in(finish(kiosk)) == [tickets[1]], "Ola's own"


# --- Booked ------------------------------------------------------------------------------------------------------


def test_rule_for_the_place_in_line_is_on_the_page(clinic: Clinic, kiosk: Client) -> None:
    rule = "on time, or up to 60 minutes late, you keep the place in line of your appointment time."
    answer(kiosk, arrival="booked")
    assert rule in shown(kiosk, "/kiosk/arrival/")
    assert rule in text(finish(kiosk))


def test_walk_in_is_not_told_of_appointments_on_the_ticket(kiosk: Client) -> None:
    answer(kiosk)
    assert "With an appointment" not in finish(kiosk)


def test_clinic_that_takes_nobody_late_says_so_without_zero_minutes(clinic: Clinic, kiosk: Client) -> None:
    Clinic.objects.filter(pk=clinic.pk).update(late_minutes=0)
    answer(kiosk, arrival="booked")
    page = shown(kiosk, "/kiosk/arrival/")
    assert "your place in line counts from your check-in" in page and " 0 minutes" not in page


def test_ticket_of_a_booking_shows_the_name_that_was_said_not_the_booked_one(
    clinic: Clinic, kiosk: Client
) -> None:
    make_booking(clinic, timezone.now() + timedelta(minutes=10), given="Robert")
    answer(kiosk, given_name="", arrival="booked")
    add(kiosk, "Ola")
    page = finish(kiosk)
    assert Visit.objects.filter(given_name="Robert", state="waiting").exists()
    assert "Robert" not in page and "Ola" in page
