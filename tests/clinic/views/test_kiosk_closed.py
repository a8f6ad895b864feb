"""A kiosk lives in its clinic's time: when the doors open again, in each language, and what day it is."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest
from django.test import Client

from clinic.models import Clinic, OpeningHours, SpecialHours
from tests.clinic.conftest import Clock
from tests.clinic.views.kiosk_pages import answer, paired_client
from tests.factories import make_clinic

pytestmark = pytest.mark.django_db


@pytest.fixture
def clinic() -> Clinic:
    """Open on weekdays with a break at noon; closed for the last two weeks of December."""
    clinic = make_clinic()
    for weekday in range(5):
        for opens, closes in ((8, 12), (13, 17)):
            OpeningHours.objects.create(clinic=clinic, weekday=weekday, opens=time(opens), closes=time(closes))
    for day in range(18, 32):
        SpecialHours.objects.create(clinic=clinic, date=date(2026, 12, day))
    return clinic


@pytest.fixture
def kiosk(clinic: Clinic) -> Client:
    return paired_client(clinic)


@pytest.mark.parametrize(
    ("now", "english", "spanish_words"),
    [
        ((3, 9, 12, 30), "We open again today at 1:00 PM.", "Hoy abrimos de nuevo a las 1:00 PM."),
        ((3, 9, 0, 5), "We open again today at 8:00 AM.", "Hoy abrimos de nuevo a las 8:00 AM."),
        ((3, 9, 23, 55), "We open on Tuesday at 8:00 AM.", "Abrimos el martes a las 8:00 AM."),
        ((3, 6, 17, 0), "We open on Monday at 8:00 AM.", "Abrimos el lunes a las 8:00 AM."),
        (
            (12, 17, 17, 0),
            "We open on Friday, January 1, at 8:00 AM.",
            "Abrimos el viernes 1 de enero a las 8:00 AM.",
        ),
    ],
    ids=["break", "before dawn", "late", "weekend", "holidays"],
)
def test_closed_page_says_when_the_doors_open(
    spanish: Path,
    clinic: Clinic,
    kiosk: Client,
    clock: Clock,
    now: tuple[int, int, int, int],
    english: str,
    spanish_words: str,
) -> None:
    clock.at = datetime(2026, *now, tzinfo=clinic.zone).astimezone(UTC)
    page = kiosk.get("/kiosk/").content.decode()
    assert english in page and spanish_words in page


def test_kiosk_is_open_again_the_moment_that_the_page_named(clinic: Clinic, kiosk: Client, clock: Clock) -> None:
    clock.at = datetime(2026, 3, 9, 12, 59, 59, tzinfo=clinic.zone).astimezone(UTC)
    assert "We are closed now." in kiosk.get("/kiosk/").content.decode()
    clock.add(seconds=1)
    assert 'name="language"' in kiosk.get("/kiosk/").content.decode()


@pytest.mark.parametrize(("zone", "hour", "is_born"), [("Asia/Manila", 23, True), ("America/Chicago", 3, False)])
def test_child_born_today_is_born_by_the_clinics_own_calendar(
    clock: Clock, zone: str, hour: int, is_born: bool
) -> None:
    """In Manila it is the 3rd of February while it is the 2nd in UTC; in Chicago it is the 2nd still."""
    clock.at = datetime(2026, 2, 2 if is_born else 3, hour, tzinfo=UTC)
    kiosk = paired_client(make_clinic(time_zone=zone))
    answer(kiosk, "/kiosk/birth/")
    born = {"birth_month": "2", "birth_day": "3", "birth_year": "2026"}
    page = kiosk.post("/kiosk/birth/", born, follow=True).content.decode()
    assert ("That date is still to come." in page) is not is_born
