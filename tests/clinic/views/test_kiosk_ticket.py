"""The last page of a check-in: the wait, the code for the phone; and what the desk is told of who needs help."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from clinic import phone_links, qr
from clinic.estimates import WaitRange
from clinic.models import Clinic, HelpRequest, Visit
from realtime.models import Topic
from tests.clinic.views.kiosk_pages import BORN, answer, finish, paired_client
from tests.factories import answers, make_visit

pytestmark = pytest.mark.django_db
FOLLOW = "Follow your place on your phone"


def only_visit() -> Visit:
    return Visit.objects.get()


def add_a_person(kiosk: Client) -> None:
    kiosk.post("/kiosk/others/")
    kiosk.post("/kiosk/name/", {"given_name": "Kid", "family_name": "Miller"})
    kiosk.post("/kiosk/birth/", BORN)
    kiosk.post("/kiosk/reason/", {"reason": "illness"})


# --- The code ---------------------------------------------------------------------------------------------------


def test_ticket_page_has_the_code_of_the_phone_page(clinic: Clinic, kiosk: Client) -> None:
    answer(kiosk)
    page = finish(kiosk)
    assert qr.svg(phone_links.link(only_visit())) in page and FOLLOW in page
    assert phone_links.link(only_visit()).split("/")[-2] not in page


def test_code_is_dark_on_light_with_a_margin_and_says_the_address() -> None:
    text = "https://clinic.example/v/" + "A" * 24 + "/"
    code = qr.svg(text)
    side = int(re.findall(r'viewBox="0 0 (\d+) \d+"', code)[0])
    assert f'fill="#fff" d="M0 0h{side}v{side}h-{side}z"' in code and 'stroke="#000"' in code
    # The first dark module is that far in, and as far down.
    assert re.findall(r'd="M([\d.]+) ([\d.]+)h7', code) == [("4", "4.5")]
    assert qr.svg(text + "x") != code and "style" not in code


def test_whoever_types_the_name_of_one_who_is_here_gets_no_link(clinic: Clinic, kiosk: Client) -> None:
    """And no wait: what was promised to that one was promised earlier."""
    visit = make_visit(clinic, "Bob")
    Visit.objects.update(promised_from=20, promised_to=35)
    answer(kiosk)
    page = finish(kiosk)
    assert visit.ticket in page
    assert "<svg" not in page and FOLLOW not in page and "35" not in page


def test_family_gets_one_code_of_a_page_that_shows_them_all(clinic: Clinic, kiosk: Client) -> None:
    answer(kiosk)
    add_a_person(kiosk)
    page = finish(kiosk)
    first = Visit.objects.earliest("pk")
    assert page.count("<svg") == 1 and qr.svg(phone_links.link(first)) in page and "Follow your places" in page
    assert Client().get(phone_links.link(first)).content.decode().count("data-ticket=") == 2


# --- The wait ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wait", "words"), [(WaitRange(20, 35), "The wait is about 20 to 35 minutes."), (None, "")]
)
def test_wait_is_the_one_that_was_promised(
    clinic: Clinic, kiosk: Client, monkeypatch: pytest.MonkeyPatch, wait: WaitRange | None, words: str
) -> None:
    monkeypatch.setattr("clinic.estimates.promise", lambda *where: wait)
    answer(kiosk)
    page = finish(kiosk)
    assert words in page and ("minutes" in page) is bool(words)


# --- Help -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("said", [{}, {"needs_help": "on"}])
def test_who_needs_help_here_may_say_so(clinic: Clinic, kiosk: Client, said: dict[str, str]) -> None:
    answer(kiosk, "/kiosk/reason/")
    kiosk.post("/kiosk/reason/", {"reason": "injury", **said})
    assert ("Help here" in kiosk.get("/kiosk/check/").content.decode()) is bool(said)
    finish(kiosk)
    assert only_visit().needs_help is bool(said)


def test_each_of_a_family_says_for_themselves_who_needs_help(clinic: Clinic, kiosk: Client) -> None:
    answer(kiosk, "/kiosk/reason/")
    kiosk.post("/kiosk/reason/", {"reason": "injury", "needs_help": "on"})
    add_a_person(kiosk)
    finish(kiosk)
    assert list(Visit.objects.order_by("pk").values_list("given_name", "needs_help")) == [
        ("Bob", True),
        ("Kid", False),
    ]


@pytest.mark.parametrize("upto", ["/kiosk/", "/kiosk/name/", "/kiosk/check/"])
def test_call_for_help_during_a_check_in_marks_the_visit(clinic: Clinic, kiosk: Client, upto: str) -> None:
    answer(kiosk, upto)
    kiosk.post("/kiosk/help/")
    assert HelpRequest.objects.count() == 1
    going_on = kiosk.get("/kiosk/check/", follow=True)
    assert going_on.status_code == 200
    answer(kiosk)
    finish(kiosk)
    assert only_visit().red_flag is True


def test_call_for_help_marks_nobody_else(clinic: Clinic, kiosk: Client) -> None:
    kiosk.post("/kiosk/help/")
    kiosk.post("/kiosk/wipe/")
    answer(kiosk)
    finish(kiosk)
    kiosk.post("/kiosk/help/")
    assert only_visit().red_flag is False


def test_call_for_help_marks_the_one_of_a_family_who_was_asked(clinic: Clinic, kiosk: Client) -> None:
    answer(kiosk)
    kiosk.post("/kiosk/others/")
    kiosk.post("/kiosk/help/")
    for address, said in (("name", {"given_name": "Kid", "family_name": "Miller"}), ("birth", BORN)):
        kiosk.post(f"/kiosk/{address}/", said)
    kiosk.post("/kiosk/reason/", {"reason": "illness"})
    finish(kiosk)
    assert dict(Visit.objects.values_list("given_name", "red_flag")) == {"Bob": False, "Kid": True}


def test_other_kiosk_knows_nothing_of_the_flag(clinic: Clinic, kiosk: Client) -> None:
    kiosk.post("/kiosk/help/")
    other: Any = paired_client(clinic, "Left")
    answer(other)
    finish(other)
    assert only_visit().red_flag is False and answers().red_flag is False


def test_language_chosen_at_the_ticket_is_the_visits_from_then_on(clinic: Clinic, kiosk: Client) -> None:
    answer(kiosk, given_name="Here")
    finish(kiosk)
    kiosk.post("/kiosk/wipe/")
    answer(kiosk)
    kiosk.post("/kiosk/others/")
    for address, said in (("name", {"given_name": "Here", "family_name": "Miller"}), ("birth", BORN)):
        kiosk.post(f"/kiosk/{address}/", said)
    kiosk.post("/kiosk/reason/", {"reason": "illness"})
    finish(kiosk)
    before = Topic.objects.get(pk=clinic.topic_id).version
    for _tap in range(2):
        kiosk.post("/kiosk/display/ticket/", {"show": "language:es"})
    assert dict(Visit.objects.values_list("given_name", "language")) == {"Here": "en", "Bob": "es"}
    assert Topic.objects.get(pk=clinic.topic_id).version == before + 1
