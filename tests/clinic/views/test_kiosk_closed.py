"""What a kiosk says while the doors are closed: when they open again, in each language of the clinic."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest
from django.test import Client

from clinic.models import Clinic, OpeningHours, SpecialHours
from tests.clinic.conftest import Clock
from tests.clinic.views.kiosk_pages import paired_client
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
