"""Staff are spoken with in English or Spanish, as their browser asks."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from clinic.models import Clinic, Device
from tests.clinic.views.desk_pages import logged_in
from tests.clinic.views.kiosk_pages import paired_client
from tests.factories import make_device, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("spanish")]
LABELS = re.compile(r"<label[^>]*>([^<]+)</label>")


def page(client: Client, address: str, asked: str) -> str:
    return str(client.get(address, headers={"accept-language": asked}).content.decode())


@pytest.mark.parametrize("asked", ["es", "es-MX,es;q=0.9,en;q=0.8", "fr, ar;q=0.9, es;q=0.5, en;q=0.1"])
def test_browser_that_asks_for_spanish_first_gets_it(ana: Client, asked: str) -> None:
    assert '<html lang="es" dir="ltr"' in page(ana, "/desk/", asked)
    assert "Llamar al siguiente" in page(ana, "/desk/", asked)
    assert "Llamar al siguiente" in page(ana, "/desk/board/", asked)
    assert "Contraseña" in page(Client(), "/login/", asked)


@pytest.mark.parametrize("asked", ["", "en-US,es;q=0.9", "ar, fr", "*", "es;q=x", "\xff"])
def test_every_other_browser_gets_english(ana: Client, asked: str) -> None:
    assert '<html lang="en" dir="ltr"' in page(ana, "/desk/", asked) and "Call next" in page(ana, "/desk/", asked)


def test_board_of_one_language_is_not_taken_for_that_of_another(ana: Client) -> None:
    known = {"If-None-Match": ana.get("/desk/board/")["ETag"]}
    spanish = ana.get("/desk/board/", headers={**known, "accept-language": "es"})
    assert spanish.status_code == 200 and "Accept-Language" in spanish["Vary"]
    assert ana.get("/desk/board/", headers=known).status_code == 304


def test_patients_pages_and_the_operators_mind_no_browser(clinic: Clinic) -> None:
    kiosk, olu = paired_client(clinic), logged_in(make_user("olu", clinic, "ops"))
    for client, address in ((kiosk, "/kiosk/"), (olu, "/ops/")):
        assert '<html lang="en"' in page(client, address, "es")


def test_numbers_that_scripts_and_fields_read_are_written_the_same_in_every_language(clinic: Clinic) -> None:
    device, _token = make_device(clinic, "kiosk")
    Device.objects.update(px_per_mm="4.724")
    form = page(logged_in(make_user("mo", clinic, "manager")), f"/desk/devices/{device.pk}/", "es")
    assert '<html lang="es"' in form and 'value="4.724"' in form
    assert re.search(r'data-px-per-mm="\d+\.\d+"', form) and not re.search(r'data-px-per-mm="\d+,', form)


def test_every_question_of_the_check_in_is_in_the_language_of_the_desk(ana: Client) -> None:
    english, theirs = (set(LABELS.findall(page(ana, "/desk/check-in/", asked))) for asked in ("en", "es"))
    assert len(english) > 10 and not english & theirs
