"""What people do at the screens, by the hooks that every page keeps."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from playwright.sync_api import BrowserContext, Page, expect

from tests.names import another_name
from tests.stack import Stack


@dataclass(frozen=True)
class Patient:
    """What somebody answers at the kiosk; unless a first name is given, somebody who was never here."""

    given_name: str = field(default_factory=another_name)
    family_name: str = "Miller"
    birth_month: str = "4"
    birth_day: str = "17"
    birth_year: str = "1985"
    phone: str = "202 555 0143"
    arrival: str = "walk_in"
    language: str = "en"


def answer_page(page: Page, patient: Patient) -> None:
    """Fills the questions of this page that the patient has an answer to."""
    for name, value in vars(patient).items():
        field = page.locator(f"[name={name}]:not([type=hidden])")
        if field.count() == 0:
            continue
        if field.first.get_attribute("type") == "radio":
            page.locator(f"[name={name}][value='{value}']").check()
        elif field.first.evaluate("one => one.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)


class Site(Protocol):
    """Whatever serves a kiosk."""

    @property
    def url(self) -> str: ...


def go_to_last_page(page: Page, stack: Site, patient: Patient) -> None:
    """Through the kiosk up to the page whose main button makes the visit."""
    page.goto(f"{stack.url}/kiosk/")
    for _page in range(6):
        answer_page(page, patient)
        with page.expect_navigation():
            page.locator("[data-primary]").click()
    expect(page).to_have_url(f"{stack.url}/kiosk/check/")


def finish(page: Page) -> str:
    """Presses the last button. Returns the ticket."""
    page.locator("[data-primary]").click()
    return page.locator("[data-ticket]").inner_text().strip()


def check_in(page: Page, stack: Site, patient: Patient | None = None) -> str:
    go_to_last_page(page, stack, patient or Patient())
    return finish(page)


def open_monitor(context: BrowserContext, stack: Stack) -> Page:
    """An open wait-room screen, on a live path."""
    page = context.new_page()
    page.goto(f"{stack.url}/monitor/")
    expect(page.locator("[data-live]").first).not_to_have_attribute("data-live", "poll", timeout=10_000)
    return page


def log_in(context: BrowserContext, stack: Stack, who: str, path: str) -> Page:
    """One of the demo's people at a page of theirs."""
    name, password = stack.found["login"][who]
    page = context.new_page()
    page.goto(f"{stack.url}{path}")
    page.fill("[name=username]", name)
    page.fill("[name=password]", password)
    page.locator("[type=submit]").first.click()
    page.wait_for_url(f"{stack.url}{path}")
    return page


def wait_for_row(page: Page, ticket: str, state: str, seconds: float) -> None:
    """The ticket is on this page in this state, within so many seconds from now, with no reload."""
    expect(page.locator(f"[data-ticket='{ticket}'][data-state={state}]")).to_be_visible(timeout=seconds * 1000)


def press(page: Page, ticket: str, verb: str) -> None:
    """One of the desk's buttons on a card, under "More" if it is there."""
    card = page.locator(f".card[data-ticket='{ticket}']")
    button = card.locator(f"[data-verb={verb}]")
    if not button.is_visible():
        card.locator("summary").click()
    button.click()
