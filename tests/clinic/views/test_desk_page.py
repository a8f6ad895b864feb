from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from clinic.models import Clinic, Membership, Room, Visit
from clinic.services import Actor, call_next, check_in
from clinic.states import Lane
from tests.clinic.views.desk_pages import called, card, desk, in_state, logged_in, press, said, send, state, verbs
from tests.factories import answers, make_clinic, make_user, make_visit

pytestmark = pytest.mark.django_db

VERBS = "call recall room discharge no-show left step-out return confirm undo check-in cancel"


def test_desk_carries_the_hooks_of_a_live_page(clinic: Clinic, ana: Client) -> None:
    tag = re.search(r"<main[^>]*data-topic[^>]*>", desk(ana))
    assert tag is not None
    for hook in (
        f'data-topic="{clinic.topic.name}"',
        f'data-version="{clinic.topic.version}"',
        'data-live="poll"',
        'data-board-url="/desk/board/"',
        'data-poll="1500"',
    ):
        assert hook in tag[0]
    assert re.search(r'data-now="\d{13}"', tag[0])


def test_desk_has_no_inline_script_or_style(clinic: Clinic, ana: Client) -> None:
    make_visit(clinic)
    assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", desk(ana)) == []


def test_card_says_what_a_clerk_needs(clinic: Clinic, ana: Client) -> None:
    heard = answers("Bob", "Miller", reason="injury", language="es", booked=True)
    visit = check_in(clinic, heard, by=Actor(), lane=Lane.PRIORITY)
    shown = card(desk(ana), visit)
    for words in (
        f'data-ticket="{visit.ticket}" data-state="waiting"',
        "Bob Miller",
        "Injury or pain",
        'data-lane="priority">Priority',
        "Spanish",
        "Identity not checked",
        "Booking not found",
        "Check in: the system",
    ):
        assert words in shown


def test_minutes_waited_are_there_without_script(clinic: Clinic, ana: Client) -> None:
    visit = make_visit(clinic)
    at = timezone.now() - timedelta(minutes=12, seconds=5)
    Visit.objects.filter(pk=visit.pk).update(arrived_at=at)
    assert f'<span data-since="{int(at.timestamp())}000">12</span>' in card(desk(ana), visit)


def test_free_rooms_come_first_and_taken_ones_say_so(clinic: Clinic, ana: Client, room: Room) -> None:
    called(clinic, room)
    visit = make_visit(clinic)
    options = re.findall(r"<option[^>]*>([^<]+)</option>", card(desk(ana), visit))
    assert options == ["Room 2", "Room 1 (in use)"]
    next_up = desk(ana).partition('id="room-next"')[2].partition("</select>")[0]
    assert re.findall(r"<option[^>]*>([^<]+)</option>", next_up) == options and "selected" not in next_up


def test_called_card_offers_its_own_room_first(clinic: Clinic, ana: Client, room: Room) -> None:
    visit = called(clinic, room)
    assert f'<option value="{room.pk}" selected>Room 1</option>' in card(desk(ana), visit)


def test_every_verb_has_its_button_somewhere(clinic: Clinic, ana: Client, room: Room) -> None:
    for before in ("expected", "waiting", "called", "roomed", "stepped_out"):
        in_state(before, clinic, room)
    assert set(verbs(desk(ana))) == {*VERBS.split(), "call-next"}


def test_people_of_no_clinic_get_404_and_strangers_the_log_in(clinic: Clinic) -> None:
    visit = make_visit(clinic)
    outsider = logged_in(make_user("eve"))
    for address in ("/desk/", "/desk/board/", "/desk/check-in/"):
        assert outsider.get(address).status_code == 404
        assert Client().get(address)["Location"] == f"/login/?next={address}"
    assert send(outsider, visit, "left").status_code == 404
    assert state(visit) == "waiting"


def test_desk_needs_its_form_token(clinic: Clinic) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(make_user("ana", clinic))
    assert strict.post("/desk/call-next/", {"seen": "1"}).status_code == 403


def test_board_with_its_etag_is_not_sent_again(clinic: Clinic, ana: Client, ben: Client) -> None:
    first = ana.get("/desk/board/")
    known = {"If-None-Match": first["ETag"]}
    assert ana.get("/desk/board/", headers=known).status_code == 304
    assert ben.get("/desk/board/", headers=known).status_code == 200
    make_visit(clinic)
    assert ana.get("/desk/board/", headers=known).status_code == 200


def test_clerk_checks_a_patient_in(clinic: Clinic, ana: Client) -> None:
    form = ana.get("/desk/check-in/").content.decode()
    key = re.search(r'name="key" value="([\w-]+)"', form)
    assert key is not None
    form_data = {
        "key": key[1], "given_name": "Bob", "family_name": "Miller", "birth_month": "4", "birth_day": "17",
        "birth_year": "1985", "reason": "injury", "lane": "quick", "language": "es", "identity_checked": "on",
    }  # fmt: skip
    for _tap in range(2):
        response = ana.post("/desk/check-in/", form_data, follow=True)
        visit = Visit.objects.get()
        assert said(response) == f"Checked in. The ticket is {visit.ticket}. Check in a family member"
    assert (visit.lane, visit.language, visit.identity_checked) == ("quick", "es", True)


def test_clerk_is_told_what_is_missing_and_keeps_the_rest(clinic: Clinic, ana: Client) -> None:
    response = ana.post(
        "/desk/check-in/", {"given_name": "Bob", "birth_day": "31", "birth_month": "2", "phone": "5550143"}
    )
    page = response.content.decode()
    assert response.status_code == 422
    assert "There is a problem" in page and '<a href="#id_family_name">' in page and 'value="Bob"' in page
    assert "Please write all ten digits" in page, "seven are enough within one town only"
    assert not Visit.objects.exists()


def test_link_to_operations_is_for_those_who_may(clinic: Clinic, ana: Client) -> None:
    olu = make_user("olu", clinic)
    Membership.objects.create(user=olu, clinic=make_clinic("hill"), role="ops")
    assert 'href="/ops/"' in desk(logged_in(olu))
    assert 'href="/ops/"' not in desk(ana)


def test_desk_names_who_is_logged_in_and_logs_out_by_post(ana: Client) -> None:
    page = desk(ana)
    assert "Harbor" in page and "Ana" in page
    assert re.search(r'<form method="post" action="/logout/">', page)


def test_done_patient_is_shown_without_verbs(clinic: Clinic, ana: Client, room: Room) -> None:
    visit = called(clinic, room)
    press(ana, visit, "left")
    shown = card(desk(ana), visit)
    assert verbs(shown) == ["undo"] and "Left without being seen" in shown


def test_call_next_shows_who_is_first_after_a_lane_change(clinic: Clinic, ana: Client, room: Room) -> None:
    make_visit(clinic)
    urgent = make_visit(clinic, family="Urgent", lane=Lane.IMMEDIATE)
    assert f'Call next <span class="ticket">{urgent.ticket}</span>' in desk(ana)
    assert call_next(clinic, by=Actor(), room=room).visit == urgent
