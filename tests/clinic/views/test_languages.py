"""The Spanish catalog: whole, current, and used by every page that a patient sees."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from babel.messages import pofile
from babel.messages.extract import extract
from django.conf import settings
from django.test import Client
from django.utils.translation import templatize

from tests.clinic.views.kiosk_pages import every_page, paired_client
from tests.factories import make_clinic

SOURCE = settings.LOCALE_PATHS[0] / "es" / "LC_MESSAGES" / "django.po"
SPOKEN = [
    "templates/_path.html",
    "templates/plain.html",
    "clinic/forms.py",
    "clinic/states.py",
    "clinic/views/bookings.py",
    "clinic/views/kiosk.py",
    "clinic/views/kiosk_steps.py",
]
SPOKEN += [f"clinic/models/{name}.py" for name in ("visits", "places", "people", "hours")]
FOLDERS = [
    "templates/kiosk",
    "templates/desk",
    "templates/devices",
    "templates/monitor",
    "templates/registration",
    "clinic/services",
    "clinic/inbound",
]
KEYWORDS = dict.fromkeys(("_", "gettext", "gettext_lazy")) | {"ngettext": (1, 2)}
# The same in both languages.
SAME = {"Error:", "min"}


def catalog() -> Any:
    with SOURCE.open("rb") as text:
        return pofile.read_po(text)


def spoken_files() -> Iterator[Path]:
    """Every file with words for patients."""
    yield from (settings.BASE / name for name in SPOKEN)
    yield from (settings.BASE / "templates").glob("*.html")
    for folder in FOLDERS:
        yield from (path for path in (settings.BASE / folder).iterdir() if path.suffix in (".html", ".py"))


def strings_of(path: Path) -> set[str]:
    """The English strings of one template or module that are marked for translation."""
    text = path.read_text()
    if path.suffix == ".html":
        text = " ".join(templatize(text).split("\n"))
    found = extract("python", BytesIO(text.encode()), keywords=KEYWORDS)
    return {message[0] if isinstance(message, tuple) else message for _line, message, *_rest in found}


def fields_in(text: str) -> set[str]:
    return set(re.findall(r"%\(\w+\)s|\{\w*\}|%s", text))


def test_every_patient_string_is_in_the_catalog() -> None:
    known = {entry.id[0] if isinstance(entry.id, tuple) else entry.id for entry in catalog()}
    wanted = {text for path in spoken_files() for text in strings_of(path)}
    assert len(wanted) > 100 and not wanted - known


def test_catalog_has_no_gap_no_guess_and_no_lost_placeholder() -> None:
    entries = [entry for entry in catalog() if entry.id]
    for entry in entries:
        english = entry.id if isinstance(entry.id, tuple) else (entry.id,)
        spanish = entry.string if isinstance(entry.string, tuple) else (entry.string,)
        assert all(spanish) and not entry.fuzzy, entry.id
        assert all(fields_in(text) == fields_in(english[-1]) for text in spanish), entry.id
    assert not catalog().obsolete


@pytest.mark.django_db
def test_spanish_pages_have_no_english_left(spanish: Path) -> None:
    pages = every_page(paired_client(make_clinic()), "es")
    english = (
        {entry.id for entry in catalog() if isinstance(entry.id, str) and entry.id != entry.string} - SAME - {""}
    )
    for address, page in pages.items():
        if address == "/kiosk/":
            continue
        words = re.sub(r'<button[^>]*lang="en">.*?</button>|<[^>]+>', "\n", page.split("<body")[1])
        left = {text.strip() for text in words.split("\n")} & english
        assert not left, (address, left)
        assert '<html lang="es"' in page and "<title>" in page


@pytest.mark.django_db
def test_first_page_greets_in_every_language(spanish: Path) -> None:
    page = paired_client(make_clinic()).get("/kiosk/").content.decode()
    assert "Welcome. Which language do you want?" in page and "Le damos la bienvenida." in page
    assert "I need help now" in page and "Necesito ayuda ahora" in page


@pytest.mark.django_db
def test_language_of_the_patient_stays_with_the_visit(spanish: Path) -> None:
    kiosk: Client = paired_client(make_clinic())
    pages = every_page(kiosk, "es")
    assert "Su llegada está registrada." in pages["/kiosk/ticket/"]
    assert "17 de abril de 1985" in pages["/kiosk/check/"]
