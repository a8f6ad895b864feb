"""The kiosk, page by page: what it asks, what it refuses, what it forgets."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from clinic.access import cookie_name
from clinic.kiosk_session import COOKIE
from clinic.models import Clinic, HelpRequest, OpeningHours, Visit
from tests.clinic.views.kiosk_pages import (
    FLOW,
    LAST,
    Marks,
    answer,
    every_page,
    finish,
    paired_client,
    ticket_in,
)
from tests.factories import make_booking, make_clinic

pytestmark = pytest.mark.django_db


# --- The way through ---------------------------------------------------------------------------------------------


def test_walk_in_gets_a_ticket(kiosk: Client) -> None:
    for (address, answers), (following, _answers) in zip(FLOW, [*FLOW[1:], (LAST, {})], strict=True):
        assert kiosk.post(address, answers)["Location"] == following
    page = finish(kiosk)
    visit = Visit.objects.get()
    assert ticket_in(page) == visit.ticket and f">{visit.ticket}<" in page
    assert (visit.given_name, visit.family_name, visit.phone) == ("Bob", "Miller", "+12025550143")
    assert (visit.birth_date.isoformat(), visit.reason, visit.state) == ("1985-04-17", "injury", "waiting")


def test_untouched_answers_are_enough_where_a_guess_does_no_harm(kiosk: Client) -> None:
    answer(kiosk, upto="/kiosk/phone/")
    kiosk.post("/kiosk/phone/", {"phone": ""})
    page = Marks(kiosk.get("/kiosk/reason/").content.decode())
    assert [one["value"] for one in page.having("checked")] == ["private"]
    assert [one["value"] for one in Marks(kiosk.get("/kiosk/").content.decode()).having("checked")] == ["en"]


def test_pages_up_to_the_ticket_are_seven(kiosk: Client) -> None:
    answer(kiosk)
    assert "Step 7 of 7" in kiosk.get(LAST).content.decode()


def test_check_page_shows_each_answer_with_its_change(kiosk: Client) -> None:
    answer(kiosk)
    page = kiosk.get(LAST).content.decode()
    for shown in ("Bob Miller", "April 17, 1985", "(202) 555-0143", "Injury or pain"):
        assert shown in page
    for name in ("arrival", "name", "birth", "phone", "reason"):
        assert f'href="/kiosk/{name}/?change=1"' in page


def test_change_comes_back_to_the_check_page(kiosk: Client) -> None:
    answer(kiosk)
    page = Marks(kiosk.get("/kiosk/name/?change=1").content.decode())
    assert page.having("action", "/kiosk/name/?change=1") and page.having("value", "Miller")
    assert page.having("href", LAST), "back leads to where one came from"
    reply = kiosk.post("/kiosk/name/?change=1", {"given_name": "Bob", "family_name": "Moller"})
    assert reply["Location"] == LAST and "Bob Moller" in kiosk.get(LAST).content.decode()


def test_later_page_without_the_answers_before_it_goes_back_to_the_open_one(kiosk: Client) -> None:
    answer(kiosk, upto="/kiosk/birth/")
    for address in ("/kiosk/reason/", LAST, "/kiosk/nonsense/"):
        assert kiosk.get(address)["Location"] == "/kiosk/birth/"


def plain(page: str) -> str:
    """A page without what differs in any two: the tokens of its forms, and the squares of a code."""
    page = re.sub(r"<svg.*?</svg>", "<svg>", page, flags=re.DOTALL)
    return re.sub(r'(name="csrfmiddlewaretoken" value=")\w+', r"\1", page)


# --- Booked ------------------------------------------------------------------------------------------------------


def test_booked_hit_and_miss_look_alike_but_for_the_ticket(clinic: Clinic) -> None:
    booked = make_booking(clinic, timezone.now() + timedelta(minutes=10))
    left, right = paired_client(clinic, "Left"), paired_client(clinic, "Right")
    answer(left, arrival="booked")
    hit_check, hit = left.get(LAST), finish(left)
    booked.refresh_from_db()
    assert booked.state == "waiting"
    Visit.objects.filter(pk=booked.pk).update(
        state="roomed", called_at=timezone.now(), roomed_at=timezone.now(), room=clinic.rooms.first()
    )
    answer(right, arrival="booked", birth_day="18")
    miss_check, miss = right.get(LAST), finish(right)
    assert plain(hit).replace(ticket_in(hit), "T") == plain(miss).replace(ticket_in(miss), "T")
    assert plain(hit_check.content.decode()).replace("April 17", "") == plain(miss_check.content.decode()).replace(
        "April 18", ""
    )


# --- What it forgets ---------------------------------------------------------------------------------------------


def test_double_post_makes_one_visit_and_one_ticket(kiosk: Client) -> None:
    answer(kiosk)
    before = kiosk.cookies.copy()
    first = ticket_in(finish(kiosk))
    assert ticket_in(finish(kiosk)) == first
    kiosk.cookies = before
    assert ticket_in(finish(kiosk)) == first and Visit.objects.count() == 1


def test_answers_after_the_ticket_are_closed(kiosk: Client) -> None:
    answer(kiosk)
    finish(kiosk)
    for address in (LAST, "/kiosk/name/?change=1"):
        assert kiosk.get(address)["Location"] == "/kiosk/ticket/"


def test_wipe_forgets_answers_key_and_ticket(kiosk: Client) -> None:
    answer(kiosk)
    finish(kiosk)
    assert kiosk.post("/kiosk/wipe/")["Location"] == "/kiosk/"
    for address in ("/kiosk/ticket/", LAST, "/kiosk/name/", "/kiosk/phone/?change=1"):
        assert kiosk.get(address)["Location"] == "/kiosk/", "back after the wipe finds nothing"
    answer(kiosk, given_name="Rob")
    finish(kiosk)
    assert Visit.objects.count() == 2, "the next patient is not the last one"


def test_first_page_forgets_whoever_walked_away(kiosk: Client) -> None:
    answer(kiosk)
    kiosk.get("/kiosk/")
    assert kiosk.get(LAST)["Location"] == "/kiosk/"


def test_back_to_the_language_loses_nothing(spanish: Path, kiosk: Client) -> None:
    kiosk.post("/kiosk/help/")
    answer(kiosk)
    kiosk.post("/kiosk/display/check/", {"show": "size:160"})
    page = Marks(kiosk.get("/kiosk/language/").content.decode())
    assert page.having("data-size", "160") and not page.having("data-untouched")
    kiosk.post("/kiosk/language/", {"language": "es"})
    assert "Bob Miller" in kiosk.get(LAST).content.decode()
    finish(kiosk)
    visit = Visit.objects.get()
    assert (visit.language, visit.red_flag) == ("es", True)


def test_call_for_help_alone_does_not_wait_for_the_next_patient(kiosk: Client) -> None:
    """Who called for help and was led away: the first page clears itself, and the bare start knows nothing."""
    assert Marks(kiosk.get("/kiosk/").content.decode()).having("data-untouched")
    kiosk.post("/kiosk/help/")
    page = Marks(kiosk.get(LAST, follow=True).content.decode())
    assert page.having("name", "language") and page.having("data-idle", "60") and page.having("http-equiv")
    assert not page.having("data-untouched")
    kiosk.get("/kiosk/")
    answer(kiosk)
    finish(kiosk)
    assert Visit.objects.get().red_flag is False


def test_no_page_may_be_kept(kiosk: Client) -> None:
    answer(kiosk)
    for address in ("/kiosk/", "/kiosk/name/", LAST, "/kiosk/help/coming/"):
        assert "no-store" in kiosk.get(address)["Cache-Control"]


# --- Help, hours, pairing ----------------------------------------------------------------------------------------


def test_help_alarm_is_raised_once_and_keeps_the_answers(kiosk: Client) -> None:
    answer(kiosk, upto="/kiosk/phone/")
    for _tap in range(2):
        assert kiosk.post("/kiosk/help/")["Location"] == "/kiosk/help/coming/"
    assert HelpRequest.objects.filter(taken_at=None).count() == 1
    assert kiosk.get(LAST)["Location"] == "/kiosk/phone/"


def test_red_flag_line_is_on_the_first_and_the_reason_page(kiosk: Client) -> None:
    answer(kiosk)
    for address in ("/kiosk/", "/kiosk/reason/"):
        page = kiosk.get(address).content.decode()
        assert "Chest pain, trouble breathing, heavy bleeding? Tell us now." in page
        assert Marks(page).having("action", "/kiosk/help/")
        answer(kiosk)


def test_closed_clinic_says_so_and_when_it_opens_in_its_own_time(
    spanish: Path, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    kiosk = paired_client(clinic)
    OpeningHours.objects.create(clinic=clinic, weekday=0, opens=time(8), closes=time(18))
    sunday = datetime(2026, 3, 15, 12, tzinfo=clinic.zone)
    monkeypatch.setattr("clinic.clock.now", lambda: sunday)
    page = kiosk.get("/kiosk/").content.decode()
    assert "We are closed now." in page and "We open on Monday at 8:00 AM." in page
    assert "Ahora está cerrado." in page and "Abrimos el lunes a las 8:00 AM." in page
    assert len(Marks(page).having("data-primary")) == 1 and not Marks(page).having("name", "language")


@pytest.mark.parametrize("address", ["/kiosk/", "/kiosk/name/"])
def test_unpaired_browser_is_shown_a_code(address: str) -> None:
    assert Client().get(address)["Location"] == "/pair/kiosk/"


def test_kiosk_of_another_clinic_cannot_show_this_ticket(clinic: Clinic, kiosk: Client) -> None:
    answer(kiosk)
    finish(kiosk)
    other = paired_client(make_clinic("quay"))
    other.cookies[cookie_name(COOKIE)] = kiosk.cookies[cookie_name(COOKIE)].value
    assert other.get("/kiosk/ticket/")["Location"] == "/kiosk/"


# --- Every page --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_page_has_one_main_control_and_nothing_inline(kiosk: Client, language: str) -> None:
    for address, page in every_page(kiosk, language).items():
        marks = Marks(page)
        assert len(marks.having("data-primary")) == 1, address
        assert not marks.having("style") and "<style" not in page and not re.search(r"<script(?![^>]*src=)", page)
        assert not [name for one in marks.elements for name in one if name.startswith("on")], address


def test_every_page_but_the_first_leaves_by_itself_without_script(kiosk: Client) -> None:
    for address, page in every_page(kiosk, "en").items():
        refreshes = Marks(page).having("http-equiv", "refresh")
        assert len(refreshes) == (address != "/kiosk/"), address


def test_every_question_has_back_help_and_start_over(kiosk: Client) -> None:
    pages = every_page(kiosk, "en")
    earlier = ["/kiosk/language/", *(address for address, _said in FLOW[1:])]
    for before, (address, _said) in zip(earlier, FLOW[1:], strict=False):
        marks = Marks(pages[address])
        assert marks.having("href", before), address
        assert marks.having("action", "/kiosk/wipe/") and marks.having("action", "/kiosk/help/")


@pytest.mark.parametrize("address", ["/kiosk/wipe/", "/kiosk/help/"])
def test_address_from_the_browsers_history_leads_to_the_start(kiosk: Client, address: str) -> None:
    assert kiosk.get(address)["Location"] == "/kiosk/"
    assert not HelpRequest.objects.exists()
