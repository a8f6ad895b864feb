"""The desk and people who came together: what a clerk reads, calls and adds."""

from __future__ import annotations

import re
from datetime import date, datetime

import pytest
from django.test import Client

from clinic.models import Clinic, Room, Visit
from clinic.services import Actor, Answers, check_in_together, move
from clinic.states import Verb
from tests.clinic.conftest import Clock
from tests.clinic.views.desk_pages import card, desk, press, said, seen, send, state
from tests.factories import answers, make_clinic, make_visit

pytestmark = pytest.mark.django_db
CHILD = date(2019, 4, 17)


@pytest.fixture
def family(clinic: Clinic) -> list[Visit]:
    """Ana, and Ola for whom she answers."""
    ana = answers("Ana")
    ola = Answers(given_name="Ola", family_name="Miller", birth_date=CHILD, answered_by="Ana Miller")
    return check_in_together(clinic, [ana, ola], by=Actor())


def words(html: str) -> str:
    return " ".join(re.sub("<[^>]*>", " ", html).split())


def test_card_says_who_belongs_together_and_who_answers(ana: Client, clinic: Clinic, family: list[Visit]) -> None:
    alone = make_visit(clinic)
    page, (parent, child) = desk(ana), family
    both = f"Family of 2: {parent.ticket}, {child.ticket}"
    assert both in words(card(page, parent)) and both in words(card(page, child))
    assert "Adult: Ana Miller" in words(card(page, child)) and "Adult:" not in words(card(page, parent))
    assert "Family" not in words(card(page, alone)) and "call-together" not in card(page, alone)


def test_child_without_an_adult_is_flagged(ana: Client, clinic: Clinic) -> None:
    (child,) = check_in_together(clinic, [answers("Ola", born=CHILD)], by=Actor())
    assert "Child, no adult named" in words(card(desk(ana), child))


def test_call_all_calls_those_who_wait_to_one_room(
    ana: Client, clinic: Clinic, family: list[Visit], room: Room
) -> None:
    told = press(ana, family[1], "call-together", room=room.pk, free=str(room.pk))
    assert told == f"{family[0].ticket}, {family[1].ticket}: Call → Room 1"
    assert [state(visit) for visit in family] == ["called", "called"]
    assert set(Visit.objects.values_list("room", flat=True)) == {room.pk}


def test_call_all_pressed_twice_calls_once(ana: Client, family: list[Visit], room: Room) -> None:
    known = seen(card(desk(ana), family[0]))
    for _tap in range(2):
        response = send(ana, family[0], "call-together", seen=known, room=room.pk)
    assert "Call → Room 1" in said(response) and Visit.objects.get(pk=family[0].pk).calls == 1


def test_second_clerk_who_calls_all_is_told_who_was_first(
    ana: Client, ben: Client, family: list[Visit], room: Room
) -> None:
    known = seen(card(desk(ben), family[0]))
    press(ana, family[0], "call-together", room=room.pk)
    response = send(ben, family[0], "call-together", seen=known, room=room.pk)
    assert "already called by Ana" in said(response)


def test_call_all_on_a_card_that_was_just_called_splits_no_family(
    ana: Client, ben: Client, family: list[Visit], clinic: Clinic
) -> None:
    known, (one, two) = seen(card(desk(ben), family[0])), clinic.rooms.all()
    press(ana, family[0], "call", room=one.pk)
    response = send(ben, family[0], "call-together", seen=known, room=two.pk)
    assert "already called by Ana" in said(response)
    assert [state(visit) for visit in family] == ["called", "waiting"]


def test_call_all_without_a_room_is_refused(ana: Client, family: list[Visit]) -> None:
    assert said(send(ana, family[0], "call-together")) == "Choose a room first."
    assert [state(visit) for visit in family] == ["waiting", "waiting"]


def test_call_all_is_not_offered_when_one_alone_waits(ana: Client, family: list[Visit], room: Room) -> None:
    press(ana, family[0], "call", room=room.pk)
    assert "call-together" not in card(desk(ana), family[1])


def test_call_all_of_another_clinics_family_does_not_exist(ana: Client, room: Room) -> None:
    foreign = make_visit(make_clinic("quay"))
    assert send(ana, foreign, "call-together", room=room.pk).status_code == 404


# --- One more of a family ----------------------------------------------------------------------------------------

NEW = {
    "given_name": "Jan",
    "family_name": "Miller",
    "birth_month": "4",
    "birth_day": "17",
    "birth_year": "2021",
    "phone": "",
    "reason": "illness",
    "lane": "standard",
    "language": "en",
    "answered_by": "Ana Miller",
    "key": "6f9619ff-8b86-4d01-b42d-00cf4fc964ff",
}


def test_form_for_one_more_begins_with_what_families_share(ana: Client, family: list[Visit]) -> None:
    form = ana.get(f"/desk/check-in/?with={family[0].public_id}").content.decode()
    assert re.search(r'name="family_name" value="Miller"', form)
    assert re.search(r'name="answered_by" value="Ana Miller"', form)
    assert re.search(rf'<option value="{family[0].public_id}" selected>', form)


@pytest.mark.parametrize("other", ["", "nonsense", "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"])
def test_form_for_one_more_of_nobody_is_the_empty_one(ana: Client, other: str) -> None:
    page = ana.get("/desk/check-in/", {"with": other})
    assert page.status_code == 200 and "selected>Nobody" in page.content.decode().replace('value="" ', "")


def test_one_more_is_of_the_family(ana: Client, family: list[Visit]) -> None:
    response = ana.post("/desk/check-in/", {**NEW, "beside": str(family[1].public_id)}, follow=True)
    jan = Visit.objects.get(given_name="Jan")
    assert (jan.party, jan.answered_by) == (family[0], "Ana Miller")
    assert f"/desk/check-in/?with={jan.public_id}" in response.content.decode(), "and the next one is a tap away"


@pytest.mark.parametrize("gone", ["left", "foreign", "nonsense"])
def test_one_more_of_somebody_who_is_not_here_is_asked_again(
    ana: Client, clinic: Clinic, family: list[Visit], gone: str
) -> None:
    move(clinic, family[1].public_id, Verb.LEFT, by=Actor())
    foreign = make_visit(make_clinic("quay"))
    beside = {"left": family[1].public_id, "foreign": foreign.public_id, "nonsense": "x"}[gone]
    page = ana.post("/desk/check-in/", {**NEW, "beside": str(beside)})
    assert page.status_code == 422 and "That patient is not here any more." in page.content.decode()
    assert not Visit.objects.filter(given_name="Jan").exists()


# --- Here before -------------------------------------------------------------------------------------------------


def test_one_who_left_and_returns_is_a_new_visit_that_says_so(ana: Client, clinic: Clinic) -> None:
    first = make_visit(clinic, "Bob")
    move(clinic, first.public_id, Verb.LEFT, by=Actor())
    again = make_visit(clinic, "Bob")
    twin = make_visit(clinic, "Rob")
    page = desk(ana)
    assert again.pk != first.pk and "Here earlier today: Left without being seen" in words(card(page, again))
    assert "Here earlier" not in words(card(page, twin))


def test_nobody_is_younger_than_born_today_before_the_clinics_day_begins(
    ana: Client, clinic: Clinic, clock: Clock
) -> None:
    clock.at = datetime(2026, 2, 3, 2, 0, tzinfo=clinic.zone)
    (baby,) = check_in_together(clinic, [answers("Ola", born=date(2026, 2, 3))], by=Actor())
    assert '<span class="age">0</span>' in card(desk(ana), baby)


def test_clerk_is_told_of_somebody_who_is_here_already_and_what_they_wrote_stays(
    ana: Client, clinic: Clinic, family: list[Visit]
) -> None:
    again = {**NEW, "given_name": "Ola", "birth_year": "2019", "lane": "immediate"}
    page = ana.post("/desk/check-in/", again)
    assert page.status_code == 422 and f"Ola Miller is here already: {family[1].ticket}." in page.content.decode()
    assert Visit.objects.count() == 2 and Visit.objects.get(pk=family[1].pk).lane == "standard"


def test_form_of_a_clerk_sent_twice_checks_in_once(ana: Client) -> None:
    for _tap in range(2):
        assert ana.post("/desk/check-in/", NEW).status_code == 302
    assert Visit.objects.count() == 1


def test_adult_has_no_adult_who_answers(ana: Client) -> None:
    ana.post("/desk/check-in/", {**NEW, "birth_year": "1980"})
    assert Visit.objects.get().answered_by == ""


def test_one_clerks_two_tabs_call_two_patients_to_two_rooms(ana: Client, clinic: Clinic) -> None:
    visits, (one, two) = [make_visit(clinic), make_visit(clinic)], clinic.rooms.all()
    known = seen(desk(ana))
    for room in (one, two, two):
        ana.post("/desk/call-next/", {"room": room.pk, "seen": known})
    assert [Visit.objects.get(pk=visit.pk).room for visit in visits] == [one, two]
