"""The server is away in the middle of a check-in: no answer is lost that can be kept, none is left behind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.people import Patient, answer_page
from tests.browser.test_offline_shell import BACK, READY
from tests.one_web import OneWeb, running

PATIENT = Patient("Wilhelmina", "Zimmerfeld")
# The page believes that its server is there.
UNAWARE = "() => { window.fetch = () => new Promise((done) => setTimeout(() => done({ status: 204 }))); }"


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OneWeb]:
    with running(tmp_path_factory.mktemp("one_web"), has_pages=True) as web:
        yield web


@pytest.fixture
def kiosk(browser: Browser, web: OneWeb) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1080, "height": 1920})
    context.set_default_timeout(15_000)
    pairs = [one.split("=", 1) for one in web.cookie.split("; ")]
    context.add_cookies([{"name": name, "value": value, "url": web.url} for name, value in pairs])
    yield context
    context.close()


def at_name_page(page: Page, web: OneWeb) -> None:
    """With a name typed, and the worker ready."""
    page.goto(f"{web.url}/kiosk/")
    page.evaluate(READY)
    for _page in range(2):
        with page.expect_navigation():
            page.locator("[data-primary]").click()
    answer_page(page, PATIENT)


def test_answers_wait_on_their_page_and_go_on_when_the_server_is_back(kiosk: BrowserContext, web: OneWeb) -> None:
    page = kiosk.new_page()
    at_name_page(page, web)
    web.kill_web()
    expect(page.locator("[data-server=away]")).to_have_count(1, timeout=10_000)
    page.locator("[data-primary]").click()
    dialog = page.locator("[data-away-dialog]")
    expect(dialog).to_contain_text("go to the front desk")
    expect(page.locator("[name=family_name]")).to_have_value(PATIENT.family_name)
    web.start_web()
    page.wait_for_url(f"{web.url}/kiosk/birth/")
    page.goto(f"{web.url}/kiosk/name/")
    expect(page.locator("[name=family_name]")).to_have_value(PATIENT.family_name)


def test_answers_wait_too_when_the_server_went_away_just_now(kiosk: BrowserContext, web: OneWeb) -> None:
    """Before the page has looked for it."""
    page = kiosk.new_page()
    at_name_page(page, web)
    web.kill_web()
    page.locator("[data-primary]").click()
    expect(page.locator("[data-away-dialog]")).to_be_visible()
    expect(page.locator("[name=family_name]")).to_have_value(PATIENT.family_name)
    web.start_web()
    page.wait_for_url(f"{web.url}/kiosk/birth/")


def test_page_lost_on_the_way_comes_back_by_itself(kiosk: BrowserContext, web: OneWeb) -> None:
    """The server dies in the moment of sending: what was sent is lost, what was answered before is not."""
    page = kiosk.new_page()
    at_name_page(page, web)
    page.evaluate(UNAWARE)
    web.kill_web()
    page.locator("[data-primary]").click()
    expect(page.locator("[data-home]")).to_contain_text("go to the front desk")
    web.start_web()
    expect(page.locator("[name=family_name]")).to_be_visible(timeout=BACK * 1000)
    assert page.url == f"{web.url}/kiosk/name/"


def test_answers_that_waited_a_minute_are_gone(kiosk: BrowserContext, web: OneWeb) -> None:
    page = kiosk.new_page()
    page.clock.install()
    at_name_page(page, web)
    kiosk.set_offline(True)
    page.locator("[data-primary]").click()
    expect(page.locator("[data-away-dialog]")).to_be_visible()
    page.clock.fast_forward(61_000)
    page.clock.run_for(3_000)
    expect(page.locator("[data-home]")).to_be_visible()
    assert PATIENT.family_name not in page.content()
    kiosk.set_offline(False)
    page.clock.run_for(20_000)
    expect(page.locator("[name=language]").first).to_be_visible(timeout=BACK * 1000)
    page.goto(f"{web.url}/kiosk/name/")
    assert page.url == f"{web.url}/kiosk/"


def test_patient_clears_the_answers_and_goes_to_the_desk(kiosk: BrowserContext, web: OneWeb) -> None:
    page = kiosk.new_page()
    at_name_page(page, web)
    kiosk.set_offline(True)
    page.locator("[data-primary]").click()
    page.get_by_role("button", name="Clear my answers").click()
    expect(page.locator("[data-home]")).to_be_visible()
    assert PATIENT.family_name not in page.content()
