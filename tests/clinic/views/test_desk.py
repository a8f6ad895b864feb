from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from clinic.models import Clinic, HelpRequest, Membership, Room, Visit, VisitEvent
from clinic.services import ask_for_help
from tests.clinic.views.desk_pages import (
    called,
    card,
    desk,
    in_state,
    message,
    press,
    said,
    seen,
    send,
    state,
    verbs,
)
from tests.factories import make_clinic, make_device, make_visit

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("before", "verb", "after"),
    [
        ("waiting", "call", "called"),
        ("waiting", "step-out", "stepped_out"),
        ("waiting", "left", "left"),
        ("called", "room", "roomed"),
        ("called", "recall", "called"),
        ("called", "return", "waiting"),
        ("called", "step-out", "stepped_out"),
        ("called", "no-show", "no_show"),
        ("called", "left", "left"),
        ("stepped_out", "return", "waiting"),
        ("stepped_out", "left", "left"),
        ("roomed", "discharge", "discharged"),
        ("roomed", "undo", "called"),
        ("expected", "check-in", "waiting"),
        ("expected", "no-show", "no_show"),
        ("expected", "cancel", "cancelled"),
    ],
)
def test_each_button_does_what_it_says(
    clinic: Clinic, ana: Client, room: Room, before: str, verb: str, after: str
) -> None:
    visit = in_state(before, clinic, room)
    press(ana, visit, verb, room=room.pk)
    assert state(visit) == after
    assert VisitEvent.objects.filter(visit=visit).latest("sequence").user == User.objects.get(username="ana")


def test_identity_is_checked_once(clinic: Clinic, ana: Client) -> None:
    visit = make_visit(clinic)
    press(ana, visit, "confirm")
    assert Visit.objects.get(pk=visit.pk).identity_checked
    shown = card(desk(ana), visit)
    assert "confirm" not in verbs(shown) and "Identity not checked" not in shown


def test_message_of_a_move_offers_its_undo(clinic: Clinic, ana: Client, room: Room) -> None:
    visit = make_visit(clinic)
    response = send(ana, visit, "call", room=room.pk, seen="1")
    assert said(response) == f"{visit.ticket}: Call → Room 1 Undo"
    assert seen(message(response)) == str(visit.events.latest("sequence").sequence)
    assert said(send(ana, visit, "undo", seen=seen(message(response)))) == f"{visit.ticket}: Undo"
    assert state(visit) == "waiting"


def test_second_undo_by_message_is_another_press(clinic: Clinic, ana: Client, room: Room) -> None:
    visit = make_visit(clinic)
    for sequence in ("1", "3"):
        response = send(ana, visit, "call", room=room.pk, seen=sequence)
        send(ana, visit, "undo", seen=seen(message(response)))
        assert state(visit) == "waiting"


def test_undo_never_takes_back_what_somebody_did_since(
    clinic: Clinic, ana: Client, ben: Client, room: Room
) -> None:
    visit = called(clinic, room)
    shown = card(desk(ana), visit)
    press(ben, visit, "room", room=room.pk)
    assert said(send(ana, visit, "undo", seen=seen(shown))) == f"{visit.ticket}: Ben was first (In room)."
    assert (state(visit), visit.events.count()) == ("roomed", 3)


def test_undo_is_offered_only_where_it_is_possible(clinic: Clinic, ana: Client, room: Room) -> None:
    visit = called(clinic, room)
    assert said(send(ana, visit, "recall", seen="2")) == f"{visit.ticket}: Call again → Room 1"
    assert "undo" not in verbs(card(desk(ana), visit))


def test_loser_of_a_race_reads_who_was_first(clinic: Clinic, ana: Client, ben: Client, room: Room) -> None:
    visit = make_visit(clinic)
    send(ana, visit, "call", room=room.pk, seen="1")
    assert said(send(ben, visit, "call", room=room.pk, seen="1")) == f"{visit.ticket}: already called by Ana."
    assert Visit.objects.get(pk=visit.pk).calls == 1


def test_double_tap_on_a_card_acts_once(clinic: Clinic, ana: Client, room: Room) -> None:
    visit = make_visit(clinic)
    for _tap in range(2):
        assert "Call → Room 1" in said(send(ana, visit, "call", room=room.pk, seen="1"))
    assert visit.events.count() == 2


def test_press_that_does_not_say_what_it_saw_is_never_taken_for_a_double_tap(
    clinic: Clinic, ana: Client, room: Room
) -> None:
    visit = called(clinic, room)
    for _press in range(2):
        send(ana, visit, "recall")
    assert Visit.objects.get(pk=visit.pk).calls == 3


def test_call_next_calls_the_first_in_line(clinic: Clinic, ana: Client, room: Room) -> None:
    first, second = make_visit(clinic), make_visit(clinic, family="Later")
    assert f'Call next <span class="ticket">{first.ticket}</span>' in desk(ana)
    response = ana.post("/desk/call-next/", {"room": room.pk, "seen": "7"}, follow=True)
    assert said(response) == f"{first.ticket}: Call → Room 1 Undo"
    assert (state(first), state(second)) == ("called", "waiting")


def test_double_tap_on_call_next_calls_one(clinic: Clinic, ana: Client, room: Room) -> None:
    first, second = make_visit(clinic), make_visit(clinic, family="Later")
    shown = desk(ana)
    for _tap in range(2):
        ana.post("/desk/call-next/", {"room": room.pk, "seen": seen(shown)})
    assert (state(first), state(second)) == ("called", "waiting")


def test_call_next_that_is_repeated_unanswered_calls_nobody_else_whatever_the_board_shows_by_then(
    clinic: Clinic, ana: Client, room: Room
) -> None:
    first, _second = make_visit(clinic), make_visit(clinic)
    asked = f"{clinic.topic.version}:{room.pk}"
    other = clinic.rooms.exclude(pk=room.pk)[0]
    for seen_now, chosen in ((1, room), (9, other)):
        form = {"seen": seen_now, "room": chosen.pk, "press": asked}
        assert said(ana.post("/desk/call-next/", form, follow=True)) == f"{first}: Call → Room 1 Undo"
    assert VisitEvent.objects.filter(verb="call").count() == 1


def test_two_clerks_who_call_next_call_two(clinic: Clinic, ana: Client, ben: Client, room: Room) -> None:
    visits = [make_visit(clinic), make_visit(clinic, family="Later")]
    for clerk in (ana, ben):
        clerk.post("/desk/call-next/", {"room": room.pk, "seen": "7"})
    assert [state(visit) for visit in visits] == ["called", "called"]


def test_call_next_with_nobody_waiting_says_so(ana: Client, room: Room) -> None:
    response = ana.post("/desk/call-next/", {"room": room.pk, "seen": "1"}, follow=True)
    assert said(response) == "Nobody is waiting."


@pytest.mark.parametrize("pk", ["", "99999", "x", "-1", "foreign"])
def test_call_without_a_room_of_this_clinic_is_refused(clinic: Clinic, ana: Client, pk: str) -> None:
    visit = make_visit(clinic)
    pk = str(make_clinic("hill").rooms.all()[0].pk) if pk == "foreign" else pk
    assert said(send(ana, visit, "call", room=pk, seen="1")) == "Choose a room first."
    assert said(ana.post("/desk/call-next/", {"room": pk}, follow=True)) == "Choose a room first."
    assert state(visit) == "waiting"


def test_another_clinics_visit_is_not_found_and_not_shown(ana: Client, room: Room) -> None:
    visit = make_visit(make_clinic("hill"))
    assert send(ana, visit, "call", room=room.pk).status_code == 404
    assert str(visit.public_id) not in desk(ana)
    assert state(visit) == "waiting"


@pytest.mark.parametrize("verb", ["", "book", "eat", "move", "enter-in-error"])
def test_verb_that_no_card_offers_is_not_found(clinic: Clinic, ana: Client, verb: str) -> None:
    visit = make_visit(clinic)
    assert send(ana, visit, verb, lane="priority", reason="wrong person", seen="1").status_code == 404
    assert visit.events.count() == 1


def test_member_of_two_clinics_chooses_one_by_its_address_and_stays(ana: Client) -> None:
    hill = make_clinic("hill")
    Membership.objects.create(user=User.objects.get(username="ana"), clinic=hill, role="clerk")
    visit = make_visit(hill)
    assert str(visit.public_id) not in desk(ana)
    ana.get("/desk/?clinic=hill")
    card(desk(ana), visit)
    ana.get("/desk/?clinic=harbor")
    assert str(visit.public_id) not in desk(ana)


def test_page_of_one_clinic_acts_for_it_though_another_tab_has_turned_to_another(
    clinic: Clinic, ana: Client, room: Room
) -> None:
    hill = make_clinic("hill")
    Membership.objects.create(user=User.objects.get(username="ana"), clinic=hill, role="clerk")
    here, there = make_visit(clinic), make_visit(hill)
    first_tab = ana.get("/desk/?clinic=harbor").content.decode()
    ana.get("/desk/?clinic=hill")
    board, call, check_in = (
        re.findall(f'"(/desk/{place}/[^"]*)"', first_tab)[0] for place in ("board", "call-next", "check-in")
    )
    card(ana.get(board).content.decode(), here)
    response = ana.post(call, {"seen": "1", "room": room.pk}, follow=True)
    assert said(response) == f"{here}: Call → Room 1 Undo" and "<h1>Harbor</h1>" in response.content.decode()
    assert state(there) == "waiting"
    assert f'action="{check_in}"' in ana.get(check_in).content.decode()
    card(desk(ana), there)
    Membership.objects.filter(clinic=clinic).delete()
    assert ana.get(board).status_code == ana.post(call, {"seen": "2", "room": room.pk}).status_code == 404


@pytest.mark.parametrize("slug", ["hill", "nowhere", ""])
def test_clinic_of_others_is_not_chosen(clinic: Clinic, ana: Client, slug: str) -> None:
    own, foreign = make_visit(clinic), make_visit(make_clinic("hill"))
    page = ana.get(f"/desk/?clinic={slug}").content.decode()
    card(page, own)
    assert str(foreign.public_id) not in page


def test_help_alarm_stands_until_somebody_goes(clinic: Clinic, ana: Client, ben: Client) -> None:
    asked = ask_for_help(clinic, make_device(clinic, name="Entrance, left")[0])
    page = desk(ana)
    assert "Help needed now: Entrance, left" in page and "I am going" in page
    ana.post(f"/desk/help/{asked.pk}/")
    assert "Help needed now" not in desk(ana)
    assert said(ben.post(f"/desk/help/{asked.pk}/", follow=True)) == "Ana is there already."
    assert HelpRequest.objects.get().taken_by == User.objects.get(username="ana")


def test_another_clinics_alarm_is_not_found(ana: Client) -> None:
    asked = ask_for_help(make_clinic("hill"), None)
    assert ana.post(f"/desk/help/{asked.pk}/").status_code == 404
