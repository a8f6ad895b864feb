"""The kiosk's layout, measured on every page: at each real size, in each language, text size and contrast."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import settings
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser import axe, cover, layout
from tests.browser.kiosk_walk import CLOSE, OFFER_ALL, OFFER_THE_USUAL, OPEN, Look, every_page, go_on, use_tool
from tests.browser.people import Patient, answer_page, go_to_last_page
from tests.stack import Stack

# The glass of an upright 21.5 or 24 inch screen, a tablet both ways, and a lying 15.6 inch screen.
SIZES = [(1080, 1920), (1180, 820), (820, 1180), (1920, 1080)]
# Least millimetres: choices, digits and the main button; every other control.
TARGETS = [(".tile, .key.is-digit, .is-main, .help .button", 20.0), ("*", 15.0)]
ALWAYS = ["[data-primary]", ".help .button"]
KEYS = ".keypad .key"
# What a low screen has no room for, and readers hear. Of a ticket, no more than the rule for those with a booking.
HIDDEN = [
    ".for-readers", "[type=radio]", ".top .step", ".top .place", ".is-birth .label", ".is-birth .hint",
    ".is-birth .ask", ".is-check .hint", ".is-phone .hint", ".is-ticket .next .hint",
]  # fmt: skip
CODES = [code for code, _name in settings.LANGUAGES]
# Each language where all must be in sight, each size and each contrast.
COVER = [*(Look(code) for code in CODES), Look("es", "160", "high"), Look("ar", "130", "dark")]
OTHERS = [
    *(Look(code, "160", "high") for code in CODES if code != "es"),
    Look("es", "130", "dark"),
    Look("en", "100", "dark"),
    Look("en", "100", "high"),
]


@pytest.fixture(scope="module", autouse=True)
def all_languages(stack: Stack) -> Iterator[None]:
    stack.shell.run(OFFER_ALL)
    yield
    stack.shell.run(OFFER_THE_USUAL)


def told(page: Page, look: Look, at: str) -> list[str]:
    """What is wrong with this page at any size. At the usual text size, all of it is in sight."""
    found = []
    usual = look.size == "100"
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        faults = layout.faults(page, TARGETS, unit="mm", sight=[*ALWAYS, KEYS] if usual else ALWAYS, hidden=HIDDEN)
        if usual and not layout.fits(page):
            faults.append("does not fit")
        found += [f"{at}, {width} x {height}: {fault}" for fault in faults]
    return [*found, *told_of_narrow(page, at)] if usual else found


def told_of_narrow(page: Page, at: str) -> list[str]:
    """A narrow window never scrolls sideways."""
    page.set_viewport_size({"width": 320, "height": 640})
    wide = [fault for fault in layout.faults(page) if "sideways" in fault or "outside" in fault]
    return [f"{at}, 320 wide: {fault}" for fault in wide]


@pytest.mark.parametrize(
    "look", cover.of(COVER, OTHERS), ids=lambda look: f"{look.language}-{look.size}-{look.contrast}"
)
def test_every_page_holds_and_axe_finds_nothing(context: BrowserContext, stack: Stack, look: Look) -> None:
    page = context.new_page()
    found = []
    for at in every_page(page, stack, look):
        found += told(page, look, at)
        found += [f"{at}: {violation}" for violation in axe.violations(page)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("code", cover.of(["es", "ar"], ["en"]))
def test_ticket_of_a_family_holds(context: BrowserContext, stack: Stack, code: str) -> None:
    page = context.new_page()
    go_to_last_page(page, stack, Patient(language=code))
    with page.expect_navigation():
        page.locator(".add button").click()
    for _page in range(3):
        answer_page(page, Patient())
        go_on(page)
    go_on(page)
    expect(page.locator("[data-ticket]")).to_have_count(2)
    found = told(page, Look(code), "ticket") + axe.violations(page)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("at", ["kiosk", "monitor"])
def test_page_that_stands_in_holds(context: BrowserContext, stack: Stack, at: str) -> None:
    page = context.new_page()
    page.goto(f"{stack.url}/{at}/offline/")
    found = layout.faults(page) + axe.violations(page)
    assert not found, "\n".join(found)


def test_first_page_and_closed_doors_hold(context: BrowserContext, stack: Stack) -> None:
    page = context.new_page()
    found = []
    for at, change in (("language", OPEN), ("closed", CLOSE)):
        stack.shell.run(change)
        page.goto(f"{stack.url}/kiosk/")
        found += told(page, Look(), at) + axe.violations(page)
        use_tool(page, "size:160")
        found += told(page, Look(size="160"), at) + axe.violations(page)
    stack.shell.run(OPEN)
    assert not found, "\n".join(found)


def test_panel_of_tools_is_whole_at_every_size(context: BrowserContext, stack: Stack) -> None:
    page = context.new_page()
    page.goto(f"{stack.url}/kiosk/")
    page.locator(".look summary").click()
    found = []
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        found += layout.faults(page, TARGETS, unit="mm", sight=[".panel .button"])
    found += axe.violations(page)
    assert not found, "\n".join(found)
