"""After a patient, nothing of them is left: not behind Back, not in the browser, not on the server."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.kiosk_walk import go_on
from tests.browser.people import Patient, answer_page, finish
from tests.chromium import FLAGS
from tests.stack import Stack

SECRETS = ["Zimmerfeld", "Wilhelmina", "555-0187", "April 17"]
PATIENT = Patient("Wilhelmina", "Zimmerfeld", phone="202 555 0187")
ANSWERS = "kiosk-answers"
STORED = """async () => {
  const databases = await indexedDB.databases();
  return [localStorage.length, sessionStorage.length, databases.length, document.cookie.length];
}"""
CACHED = """async () => {
  const paths = [];
  for (const name of await caches.keys()) {
    for (const one of await (await caches.open(name)).keys()) paths.push(new URL(one.url).pathname);
  }
  return paths;
}"""


@pytest.fixture(scope="module")
def remembering(browser: Browser) -> Iterator[Browser]:
    """A browser that keeps the pages it comes from, as real ones do and Playwright's own does not."""
    chromium = browser.browser_type.launch(
        executable_path=shutil.which("chromium"), args=FLAGS, ignore_default_args=["--disable-back-forward-cache"]
    )
    yield chromium
    chromium.close()


def press_done(page: Page) -> None:
    page.get_by_role("button", name="Done").click()


def wait_out_the_ticket(page: Page) -> None:
    page.clock.run_for(21_000)


def start_over(page: Page) -> None:
    page.get_by_role("button", name="Start over").click()


def wait_out_the_warning(page: Page) -> None:
    page.clock.run_for(61_000)
    expect(page.locator("[data-idle-dialog]")).to_be_visible()
    page.clock.run_for(31_000)


def go_to_last_page_with_a_mistake(page: Page, stack: Stack) -> None:
    """Chromium's history keeps the body of a form whose answer is a page."""
    page.goto(f"{stack.url}/kiosk/")
    for _page in range(2):
        go_on(page)
    answer_page(page, replace(PATIENT, family_name=""))
    go_on(page)
    expect(page.locator("[data-problem]")).to_be_visible()
    for _page in range(4):
        answer_page(page, PATIENT)
        go_on(page)


@pytest.mark.parametrize(
    ("has_ticket", "leave"),
    [(True, press_done), (True, wait_out_the_ticket), (False, start_over), (False, wait_out_the_warning)],
)
def test_back_all_the_way_shows_nothing_and_nothing_is_stored(
    remembering: Browser, stack: Stack, has_ticket: bool, leave: Callable[[Page], None]
) -> None:
    context = remembering.new_context(viewport={"width": 1080, "height": 1920})
    page = context.new_page()
    page.clock.install()
    go_to_last_page_with_a_mistake(page, stack)
    ticket = finish(page) if has_ticket else ""
    key = next(one["value"] for one in context.cookies() if one["name"].endswith(ANSWERS))
    leave(page)
    page.wait_for_url(f"{stack.url}/kiosk/")
    expect(page.locator("[data-primary]")).to_be_visible()
    for _n in range(7):
        page.evaluate("history.back()")
        page.wait_for_timeout(300)
        expect(page.locator("[data-primary]")).to_be_visible()
        shown = page.content()
        assert [secret for secret in [*SECRETS, *filter(None, [ticket])] if secret in shown] == []
        assert not page.locator("[name=family_name]").count()
    assert page.evaluate(STORED) == [0, 0, 0, 0]
    assert [path for path in page.evaluate(CACHED) if not path.startswith(("/static/", "/kiosk/offline/"))] == []
    kinds = {one["name"].rpartition("-")[2] for one in context.cookies()}
    assert kinds <= {"kiosk", "csrf"}
    assert (
        stack.ask(
            f"""__import__("django.contrib.sessions.models", fromlist=["x"])
        .Session.objects.filter(pk="{key}").count()""".replace("\n        ", "")
        )
        == 0
    )
    context.close()


def test_page_kept_by_the_browser_is_empty_when_it_comes_back(remembering: Browser, stack: Stack) -> None:
    """Whatever a browser keeps of a page: the script empties it before it is seen."""
    context = remembering.new_context()
    page = context.new_page()
    page.goto(f"{stack.url}/kiosk/")
    for _page in range(2):
        with page.expect_navigation():
            page.locator("[data-primary]").click()
    answer_page(page, PATIENT)
    page.evaluate("""
      window.reload = Location.prototype.reload;
      dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
      window.left = document.body.childElementCount;
    """)
    page.wait_for_load_state()
    expect(page.locator("[name=family_name]")).to_have_value("")
    context.close()
