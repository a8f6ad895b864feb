"""The desk is asked at the day's end who is still here. The clinic is in Chicago, open at all hours."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client

from clinic.models import Clinic, Room, Visit, VisitEvent
from clinic.services.closing import resolve_open_visits
from tests.clinic.conftest import Clock
from tests.clinic.views.desk_pages import card, desk, in_state, press, state, verbs
from tests.factories import make_booking, make_visit

pytestmark = pytest.mark.django_db
FOUR_AM = datetime(2026, 2, 3, 10, 0, tzinfo=UTC)
PAST = "still open after closing time or the day's end."
ANSWERS = {
    "expected": ["keep", "check-in", "no-show", "cancel"],
    "waiting": ["keep", "call", "step-out", "left"],
    "called": ["keep", "room", "recall", "return", "step-out", "no-show", "left"],
    "stepped_out": ["keep", "return", "left"],
    "roomed": ["keep", "discharge"],
}


@pytest.fixture(autouse=True)
def night(clock: Clock) -> None:
    clock.at = FOUR_AM.replace(hour=9)


def asked(clock: Clock, before: str, clinic: Clinic, room: Room) -> Visit:
    """A visit of yesterday that the desk is asked about now."""
    visit = in_state(before, clinic, room)
    clock.at = FOUR_AM
    resolve_open_visits()
    return visit


@pytest.mark.parametrize("before", ANSWERS)
def test_card_asks_and_offers_what_may_be_answered(
    clinic: Clinic, ana: Client, room: Room, clock: Clock, before: str
) -> None:
    visit = asked(clock, before, clinic, room)
    shown = card(desk(ana), visit)
    asks = "Still expected?" if before == "expected" else "Still here?"
    assert asks in shown and "Without an answer, closed at 4:30 AM." in shown
    assert [verb for verb in verbs(shown) if verb != "confirm"] == ANSWERS[before]


def test_banner_counts_the_questions_and_leads_to_their_cards(
    clinic: Clinic, ana: Client, room: Room, clock: Clock
) -> None:
    make_visit(clinic)
    visit = asked(clock, "waiting", clinic, room)
    page = desk(ana)
    assert f"Please check: 2 visits are {PAST}" in page
    assert f'<a href="#card-{visit.public_id}">{visit.ticket}</a>' in page
    assert f'id="card-{visit.public_id}"' in page
    press(ana, visit, "left")
    assert f"Please check: 1 visit is {PAST}" in desk(ana)


@pytest.mark.parametrize("before", ANSWERS)
def test_still_here_keeps_the_visit_as_it_is_and_ends_the_question(
    clinic: Clinic, ana: Client, room: Room, clock: Clock, before: str
) -> None:
    visit = asked(clock, before, clinic, room)
    assert "Still here" in press(ana, visit, "keep")
    assert state(visit) == before
    page = desk(ana)
    assert 'class="asked"' not in page and "keep" not in verbs(card(page, visit))
    clock.add(hours=2)
    assert resolve_open_visits() == 0


def test_still_here_pressed_twice_is_one_answer_and_too_late_says_who_was_first(
    clinic: Clinic, ana: Client, room: Room, clock: Clock
) -> None:
    kept, left = make_visit(clinic), asked(clock, "waiting", clinic, room)
    for _tap in range(2):
        ana.post(f"/desk/visits/{kept.public_id}/", {"verb": "keep", "seen": "2"})
    assert kept.events.filter(verb="keep").count() == 1
    clock.add(minutes=30)
    resolve_open_visits()
    late = ana.post(f"/desk/visits/{left.public_id}/", {"verb": "keep", "seen": "2"}, follow=True)
    assert f"{left.ticket}: the system was first (Left)" in late.content.decode()


def test_nobody_asks_by_hand(clinic: Clinic, ana: Client) -> None:
    visit = make_visit(clinic)
    assert ana.post(f"/desk/visits/{visit.public_id}/", {"verb": "ask", "seen": "1"}).status_code == 404
    assert VisitEvent.objects.count() == 1


def test_what_the_system_closed_this_morning_stands_under_done_with_its_undo(
    clinic: Clinic, ana: Client, room: Room, clock: Clock
) -> None:
    visit = asked(clock, "waiting", clinic, room)
    clock.add(minutes=30)
    resolve_open_visits()
    shown = card(desk(ana), visit)
    assert 'data-state="left"' in shown and "Left: the system" in shown
    press(ana, visit, "undo")
    assert state(visit) == "waiting"


def test_what_the_system_closed_is_not_on_the_desk_of_the_next_day(
    clinic: Clinic, ana: Client, room: Room, clock: Clock
) -> None:
    visit = asked(clock, "waiting", clinic, room)
    clock.add(minutes=30)
    resolve_open_visits()
    clock.add(days=1)
    ana.force_login(User.objects.get(username="ana"))
    page = desk(ana)
    assert 'id="done"' in page and str(visit.public_id) not in page


def test_booking_that_nobody_answers_for_stays_on_the_desk_after_those_of_today(
    clinic: Clinic, ana: Client, clock: Clock
) -> None:
    Clinic.objects.update(close_after_minutes=None)
    clock.add(days=-3)
    old = make_booking(clinic, clock.at)
    make_booking(clinic, clock.at + timedelta(days=5), "Cleo")
    clock.add(days=3)
    resolve_open_visits()
    make_booking(clinic, clock.at, "Eve")
    page = desk(ana)
    assert "Please check: 1 visit" in page and f'<a href="#card-{old.public_id}">' in page
    assert re.findall(r'class="name">(\w+)', page) == ["Eve", "Bob"]
    assert "Jan 31, 3:00 AM" in card(page, old) and "Feb" not in page


def test_clinic_that_only_asks_names_no_time(clinic: Clinic, ana: Client, room: Room, clock: Clock) -> None:
    Clinic.objects.update(close_after_minutes=None)
    visit = asked(clock, "roomed", clinic, room)
    shown = card(desk(ana), visit)
    assert "Still here?" in shown and "Without an answer" not in shown
