"""Every page that a patient sees speaks their language, and nothing else; and it is written their way."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from clinic import catalogs, phone_links
from clinic.access import cookie_name
from clinic.models import Clinic, Device, Visit
from clinic.services import Actor, call_next, check_in
from tests.clinic.views.kiosk_pages import Marks, every_page, paired_client
from tests.factories import answers, make_device

pytestmark = pytest.mark.django_db

# The same in more than one language.
SAME = {"Error:", "min", "Normal"}


@pytest.fixture
def kiosk(clinic: Clinic, spanish: Path) -> Client:
    """One that offers every language there is."""
    client = paired_client(clinic)
    Device.objects.update(languages=[code for code, _name in settings.LANGUAGES])
    return client


def english_with_another_word(code: str) -> set[str]:
    """What would be said in English were it not translated."""
    source = next(source for source in catalogs.sources() if catalogs.code_of(source) == code)
    return (
        {one.id for one in catalogs.read(source) if isinstance(one.id, str) and one.id != one.string} - SAME - {""}
    )


@pytest.mark.parametrize(("code", "way"), [("es", "ltr"), ("ar", "rtl")])
def test_pages_have_no_english_left(kiosk: Client, code: str, way: str) -> None:
    english = english_with_another_word(code)
    for address, page in every_page(kiosk, code).items():
        if address == "/kiosk/":
            continue
        words = re.sub(r'<button[^>]*lang="en"[^>]*>.*?</button>|<[^>]+>', "\n", page.split("<body")[1])
        left = {text.strip() for text in words.split("\n")} & english
        assert not left, (address, left)
        assert f'<html lang="{code}" dir="{way}"' in page and "<title>" in page


def test_first_page_greets_in_every_language_each_written_its_way(kiosk: Client) -> None:
    page = kiosk.get("/kiosk/").content.decode()
    for code, way, words in (
        ("en", "ltr", "Welcome. Which language do you want?"),
        ("es", "ltr", "Le damos la bienvenida. ¿Qué idioma prefiere?"),
        ("ar", "rtl", "أهلًا بك. ما اللغة التي تريدها؟"),
    ):
        assert f'<span lang="{code}" dir="{way}">{words}</span>' in page
    assert "I need help now" in page and "Necesito ayuda ahora" in page and "أحتاج إلى المساعدة الآن" in page


def test_kiosk_that_was_told_nothing_offers_two(clinic: Clinic, spanish: Path) -> None:
    page = paired_client(clinic).get("/kiosk/").content.decode()
    assert [one["value"] for one in Marks(page).having("type", "radio")] == ["en", "es"]
    assert "أهلًا" not in page


def test_kiosk_of_one_language_speaks_it_from_the_first_page(clinic: Clinic, spanish: Path) -> None:
    kiosk = paired_client(clinic)
    Device.objects.update(languages=["ar"])
    page = kiosk.get("/kiosk/").content.decode()
    assert '<html lang="ar" dir="rtl"' in page and "Welcome" not in page


def test_kiosk_without_a_server_speaks_the_languages_it_offers(clinic: Clinic, spanish: Path) -> None:
    kiosk, stranger = paired_client(clinic), Client()
    Device.objects.update(languages=["ar", "en"])
    spoken = [one["lang"] for one in Marks(kiosk.get("/kiosk/offline/").content.decode()).having("tag", "section")]
    assert spoken == ["ar", "en"]
    # Another worker is another text: what the browser keeps follows the set-up.
    assert "ar en`" in kiosk.get("/shell.js").content.decode()
    for address in ("/kiosk/offline/", "/monitor/offline/"):
        page = stranger.get(address).content.decode()
        assert 'lang="es"' in page and 'lang="ar"' not in page


@pytest.mark.parametrize(
    ("code", "says", "born"),
    [("es", "Su llegada está registrada.", "17 de abril de 1985"), ("ar", "تم تسجيل وصولك.", "17 إبريل 1985")],
)
def test_language_of_the_patient_stays_with_the_visit(kiosk: Client, code: str, says: str, born: str) -> None:
    pages = every_page(kiosk, code)
    assert says in pages["/kiosk/ticket/"] and born in pages["/kiosk/check/"]
    assert Visit.objects.get().language == code


def test_language_goes_along_to_phone_screen_and_desk(clinic: Clinic, ana: Client, spanish: Path) -> None:
    visit = check_in(clinic, answers(language="ar"), by=Actor())
    phone = Client().get("/v/" + phone_links.link(visit).split("/")[-2] + "/").content.decode()
    assert '<html lang="ar" dir="rtl"' in phone and "تذكرتك" in phone
    assert "Arabic" in ana.get("/desk/").content.decode()
    call_next(clinic, by=Actor(), room=clinic.rooms.all()[0])
    screen = Client()
    screen.cookies[cookie_name("monitor")] = make_device(clinic, "monitor")[1]
    board = screen.get("/monitor/").content.decode()
    assert (
        'data-language="ar"' in board
        and 'data-go="يرجى التوجه إلى Room 1"' in board
        and '<html lang="en"' in board
    )
