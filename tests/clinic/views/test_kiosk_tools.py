"""Language, text size and contrast on every page of the kiosk: nothing that was answered or typed is lost."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from django.test import Client

from clinic.models import Clinic, Device
from tests.clinic.views.kiosk_pages import FLOW, LAST, Marks, answer, finish, paired_client
from tests.factories import make_clinic

pytestmark = pytest.mark.django_db


def use(kiosk: Client, at: str, show: str, query: str = "", **typed: str) -> str:
    """A tool used on a page where this is typed. Gives the page that comes."""
    reply = kiosk.post(f"/kiosk/display/{at}/?{query}", {"show": show, **typed}, follow=True)
    return reply.content.decode()


def look(page: str) -> tuple[str | None, str | None]:
    (root,) = Marks(page).having("data-kiosk")
    return root["data-size"], root["data-contrast"]


def test_size_and_contrast_hold_on_every_page_to_the_ticket(kiosk: Client) -> None:
    assert look(kiosk.get("/kiosk/").content.decode()) == ("100", "normal")
    assert look(use(kiosk, "language", "size:160")) == ("160", "normal")
    use(kiosk, "language", "contrast:high")
    answer(kiosk)
    for address in ("/kiosk/name/", LAST, "/kiosk/help/coming/"):
        assert look(kiosk.get(address).content.decode()) == ("160", "high")
    assert look(finish(kiosk)) == ("160", "high")
    page = use(kiosk, "ticket", "size:130")
    assert look(page) == ("130", "high") and Marks(page).having("data-ticket")


def test_next_patient_gets_the_usual_look(kiosk: Client) -> None:
    answer(kiosk)
    use(kiosk, "check", "contrast:dark")
    for leave in (lambda: kiosk.post("/kiosk/wipe/", follow=True), lambda: kiosk.get("/kiosk/")):
        use(kiosk, "language", "size:160")
        assert look(leave().content.decode()) == ("100", "normal")


def test_what_was_typed_but_not_sent_comes_back(kiosk: Client) -> None:
    answer(kiosk, upto="/kiosk/birth/")
    page = use(kiosk, "birth", "size:130", birth_month="4", birth_day="3x", birth_year="")
    marks = Marks(page)
    assert [one["value"] for one in marks.having("checked")] == ["4"]
    assert marks.having("value", "3x") and "There is a problem" not in page
    assert not Marks(kiosk.get("/kiosk/birth/").content.decode()).having("value", "3x"), "held for one time only"


def test_page_with_a_problem_keeps_it_in_the_new_language(spanish: Path, kiosk: Client) -> None:
    answer(kiosk, upto="/kiosk/phone/")
    page = use(kiosk, "phone", "language:es", "wrong=1", phone="12", answered_by="")
    assert 'lang="es"' in page and "Hay un problema" in page and Marks(page).having("value", "12")


def test_language_keeps_the_answers_and_the_place_of_a_change(spanish: Path, kiosk: Client) -> None:
    answer(kiosk)
    page = use(kiosk, "birth", "language:es", "change=1")
    assert "¿Cuándo nació?" in page and Marks(page).having("value", "1985")
    assert Marks(page).having("action", "/kiosk/birth/?change=1")
    assert "Bob Miller" in use(kiosk, "check", "language:en")


def test_typed_text_goes_with_the_wipe_and_with_the_answer(kiosk: Client) -> None:
    answer(kiosk, upto="/kiosk/name/")
    for leave in (lambda: kiosk.post("/kiosk/wipe/"), lambda: kiosk.post("/kiosk/arrival/", FLOW[1][1])):
        kiosk.post("/kiosk/display/name/", {"show": "size:130", "family_name": "Zimmerfeld"})
        leave()
        answer(kiosk, upto="/kiosk/name/")
        assert "Zimmerfeld" not in kiosk.get("/kiosk/name/").content.decode()


@pytest.mark.parametrize("show", ["size:500", "contrast:red", "language:xx", "name:Bob", ""])
def test_unknown_choice_changes_nothing(kiosk: Client, show: str) -> None:
    assert look(use(kiosk, "language", show)) == ("100", "normal")


@pytest.mark.parametrize("at", ["nonsense", "ticket", "help", "check", "reason"])
def test_tool_of_a_page_that_one_may_not_see_leads_to_one_that_one_may(kiosk: Client, at: str) -> None:
    assert len(Marks(use(kiosk, at, "size:130")).having("data-primary")) == 1


def test_tools_are_on_every_page_and_a_get_changes_nothing(kiosk: Client) -> None:
    answer(kiosk)
    for address in [*(address for address, _said in FLOW[1:]), LAST, "/kiosk/help/coming/"]:
        values = {one["value"] for one in Marks(kiosk.get(address).content.decode()).having("name", "show")}
        assert {"size:160", "contrast:high", "language:es"} <= values, address
    assert kiosk.get("/kiosk/display/name/?show=size:160")["Location"] == "/kiosk/"


def test_device_offers_its_languages_in_its_order(clinic: Clinic) -> None:
    kiosk = paired_client(clinic)
    Device.objects.update(languages=["es", "en"])
    page = Marks(kiosk.get("/kiosk/").content.decode())
    assert [one["value"] for one in page.having("name", "language")] == ["es", "en"]
    assert [one["value"] for one in page.having("checked")] == ["es"]
    Device.objects.update(languages=["en"])
    assert kiosk.post("/kiosk/", {"language": "es"})["Location"] == "/kiosk/language/"
    assert "Español" not in kiosk.get("/kiosk/").content.decode()


def test_millimetre_of_the_set_up_device_is_on_every_page(clinic: Clinic) -> None:
    kiosk = paired_client(clinic)
    assert "/kiosk/mm/" not in kiosk.get("/kiosk/").content.decode()
    Device.objects.update(px_per_mm=Decimal("4.25"))
    kiosk.post("/kiosk/", {"language": "es"})
    (link,) = Marks(kiosk.get("/kiosk/arrival/").content.decode()).having("href", "/kiosk/mm/4.250.css")
    reply = kiosk.get(str(link["href"]))
    assert "--mm: 4.250px" in reply.content.decode() and reply["Content-Type"] == "text/css"
    assert "immutable" in reply["Cache-Control"]


@pytest.mark.parametrize("px", ["4", "4.25", "-4.250", "4.250px;}", "444.250"])
def test_what_is_no_measure_is_no_style_sheet(px: str) -> None:
    make_clinic()
    assert Client().get(f"/kiosk/mm/{px}.css").status_code == 404
