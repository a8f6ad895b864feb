"""Every page of the kiosk, one after another, in any language and look: for tests that measure each of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from playwright.sync_api import Page

from tests.browser.people import Patient, answer_page
from tests.stack import Stack

OFFER_ALL = """
from django.conf import settings
from clinic.models import Device
Device.objects.filter(kind="kiosk").update(languages=[code for code, _name in settings.LANGUAGES])
"""
OFFER_THE_USUAL = """
from clinic.models import Device
Device.objects.filter(kind="kiosk").update(languages=[])
"""
# The doors open only on the day after tomorrow.
CLOSE = """
from datetime import time
from clinic import clock
from clinic.models import Clinic, OpeningHours
clinic = Clinic.objects.get(slug="harbor")
day = (clinic.wall_date(clock.now()).weekday() + 2) % 7
OpeningHours.objects.create(clinic=clinic, weekday=day, opens=time(8), closes=time(18))
"""
OPEN = """
from clinic.models import OpeningHours
OpeningHours.objects.all().delete()
"""
SHOW_AWAY = """() => {
  document.querySelector("[data-idle-dialog]").close();
  document.body.append(document.querySelector("[data-away]").content.cloneNode(true));
  document.querySelector("[data-away-dialog]").showModal();
}"""
LONG = "Maximiliana-Featherstonehaugh"


@dataclass(frozen=True)
class Look:
    """A language, a text size and a contrast."""

    language: str = "en"
    size: str = "100"
    contrast: str = "normal"


def go_on(page: Page) -> None:
    """Presses the main button."""
    with page.expect_navigation():
        page.locator("[data-primary]").click()


def use_tool(page: Page, value: str) -> None:
    """One of the tools: "size:130", "language:es"."""
    tool = page.locator(f".tools [value='{value}']")
    if not tool.is_visible():
        page.locator(".look summary").click()
    with page.expect_navigation():
        tool.click()


def begin(page: Page, stack: Stack, look: Look) -> None:
    """The page after the language, as this patient wants it to look."""
    page.goto(f"{stack.url}/kiosk/")
    page.locator(f"[name=language][value={look.language}]").check()
    go_on(page)
    if look.size != "100":
        use_tool(page, f"size:{look.size}")
    if look.contrast != "normal":
        use_tool(page, f"contrast:{look.contrast}")


def every_page(page: Page, stack: Stack, look: Look) -> Iterator[str]:
    """The name of each page as it is reached, right and wrong; the caller measures it and asks for the next."""
    begin(page, stack, look)
    yield "arrival"
    go_on(page)
    yield "name"
    yield from _wrong(page, "name", family_name=LONG)
    yield "birth"
    yield from _wrong(page, "birth", birth_month="9", birth_day="17", birth_year="2024")
    yield "phone of a child"
    page.locator("[name=phone]").fill("12")
    yield from _wrong(page, "phone", phone="(202) 555-0143")
    yield "reason"
    go_on(page)
    yield "check"
    yield from _asides(page, stack)
    go_on(page)
    yield "ticket"


def _wrong(page: Page, name: str, **answers: str) -> Iterator[str]:
    """The page sent with nothing or nonsense in it; then mended, and sent again."""
    go_on(page)
    yield f"{name} with a problem"
    answer_page(page, Patient(given_name="", **answers))
    yield f"{name} mended"
    go_on(page)


def _asides(page: Page, stack: Stack) -> Iterator[str]:
    """Pages beside the way, from the check page and back to it."""
    page.evaluate("document.querySelector('[data-idle-dialog]').showModal()")
    yield "idle"
    page.evaluate(SHOW_AWAY)
    yield "away"
    page.goto(f"{stack.url}/kiosk/help/coming/")
    yield "help"
    page.goto(f"{stack.url}/kiosk/check/")
