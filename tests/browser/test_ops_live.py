"""The ops page follows by itself and leaves alone what a person is at; its levers work without script too."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.ops_troubles import all_is_good
from tests.browser.people import log_in
from tests.stack import Stack

WORDS = "the vendor's status page is red"
# Too many arguments for it: three jobs that fail.
FAIL = """
import re
import time
from realtime import job_queues
for _n in range(3):
    job_queues.enqueue("low", time.time, 7)
"""
HIDE = "Object.defineProperty(document, 'hidden', {get: () => window.isHidden === true})"


@pytest.fixture(autouse=True)
def switched_on(stack: Stack) -> Iterator[None]:
    yield
    stack.vendor("start")


@pytest.fixture
def ops(stack: Stack, context: BrowserContext) -> Page:
    page = log_in(context, stack, "ops", "/ops/")
    all_is_good(page)
    return page


def test_stopping_takes_three_acts_and_a_few_seconds(stack: Stack, ops: Page) -> None:
    began = time.monotonic()
    ops.locator("[data-opens=stop]").click()
    expect(ops.locator("#why-stop")).to_be_focused()
    ops.keyboard.type(WORDS)
    ops.keyboard.press("Enter")
    expect(ops.locator("[data-sentence]")).to_contain_text("Vendor off since")
    assert time.monotonic() - began < 10
    expect(ops.locator("[data-obeyed]")).to_have_text("Obeyed by 2 of 2 processes")
    expect(ops.locator("[data-until]")).to_contain_text("in 3:59:")
    expect(ops.locator(".changes tbody tr").first).to_contain_text(WORDS)
    ops.locator("[data-opens=hold]").click()
    ops.keyboard.type("it is still red")
    ops.locator("[name=length][value=ever]").check()
    ops.locator("[data-verb=hold]").click()
    expect(ops.locator(".lever")).to_contain_text("someone turns it on")


def test_open_dialog_outlives_what_changes_around_it(stack: Stack, ops: Page) -> None:
    ops.locator("[data-opens=stop]").click()
    ops.locator("#why-stop").press_sequentially(WORDS)
    stack.vendor("stop", "--reason", "I was first")
    expect(ops.locator("[data-sentence]")).to_contain_text("Vendor off since")
    expect(ops.locator("#why-stop")).to_have_value(WORDS)
    expect(ops.locator("#why-stop")).to_be_focused()
    assert ops.evaluate("document.querySelector('dialog').matches(':modal')")
    ops.keyboard.press("Enter")
    expect(ops.locator(".lever [role=alert]")).to_contain_text("changed the switch meanwhile (I was first)")
    expect(ops.locator("#why-start")).to_have_value(WORDS)


def test_dialog_that_is_left_changes_nothing(stack: Stack, ops: Page) -> None:
    for leave in ("Escape", "[data-closes]"):
        ops.locator("[data-opens=stop]").click()
        if leave == "Escape":
            ops.keyboard.press(leave)
        else:
            ops.locator(leave).click()
        expect(ops.locator("#stop")).to_be_hidden()
    all_is_good(ops)
    ops.locator("[data-opens=stop]").click()
    stack.vendor("stop", "--reason", "I was first")
    expect(ops.locator("[data-sentence]")).to_contain_text("Vendor off since")
    ops.keyboard.press("Escape")
    expect(ops.locator("#stop-title")).to_have_text("Hold the vendor off for longer")


def test_page_stays_where_it_was_scrolled_to(stack: Stack, ops: Page) -> None:
    ops.set_viewport_size({"width": 390, "height": 500})
    ops.locator("#changes").scroll_into_view_if_needed()
    before = ops.evaluate("scrollY")
    with ops.expect_response("**/ops/board/"):
        pass
    with ops.expect_response("**/ops/board/"):
        pass
    assert before > 500 and abs(ops.evaluate("scrollY") - before) < 60


def test_hidden_page_asks_nothing_and_asks_at_once_when_it_is_seen(stack: Stack, context: BrowserContext) -> None:
    context.add_init_script(HIDE)
    page = log_in(context, stack, "ops", "/ops/")
    asked: list[dict[str, str]] = []
    page.on("request", lambda one: asked.append(one.headers) if "/ops/board/" in one.url else None)
    page.evaluate("window.isHidden = true")
    page.wait_for_timeout(300)
    asked.clear()
    page.wait_for_timeout(5000)
    assert asked == []
    with page.expect_response("**/ops/board/"):
        page.evaluate("window.isHidden = false; document.dispatchEvent(new Event('visibilitychange'))")
    assert asked[0]["x-part"] == "1"


def test_page_says_how_old_it_is_and_recovers(stack: Stack, context: BrowserContext) -> None:
    context.clock.install()
    page = log_in(context, stack, "ops", "/ops/")
    expect(page.locator("[data-fresh]")).to_contain_text("As of ")
    # It is taken, and never answered.
    page.route("**/ops/board/", lambda route: None)
    context.clock.run_for(5000)
    expect(page.locator("[data-old]")).to_contain_text("The server has not answered since")
    expect(page).to_have_title(re.compile("^The server has not answered"))
    expect(page.locator("[data-old]")).to_have_text(re.compile(r"since .*\d\d:\d\d:\d\d UTC"))
    page.unroute("**/ops/board/")
    context.clock.run_for(10_000)
    expect(page.locator("[data-old]")).to_be_hidden()
    expect(page).to_have_title("All good: operations")
    # The network is gone for a day: no answer sets the page's clock.
    context.set_offline(True)
    context.clock.fast_forward(24 * 3600 * 1000)
    context.clock.run_for(1000)
    expect(page.locator("[data-old]")).to_have_text(re.compile(r"since \d\d? [A-Z][a-z]{2} \d\d:\d\d:\d\d UTC"))


def test_without_script_the_vendor_is_stopped_and_started(stack: Stack, browser: Browser) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = log_in(context, stack, "ops", "/ops/")
        expect(page.locator("#why-stop")).to_be_hidden()
        page.locator("[data-opens=stop]").click()
        page.locator("[data-verb=stop]").click()
        expect(page.locator("dialog [role=alert]")).to_contain_text("Say why")
        page.locator("#why-stop").fill(WORDS)
        page.locator("[name=length][value=ever]").check()
        page.locator("[data-verb=stop]").click()
        expect(page.locator("[data-switch=off]")).to_be_visible()
        page.locator("#why-start").fill("well again")
        page.locator("[data-verb=start]").click()
        expect(page.locator("[data-switch=auto]")).to_be_visible()


def test_failed_jobs_are_retried_as_a_group(stack: Stack, ops: Page) -> None:
    stack.shell.run(FAIL)
    group = ops.locator("[data-failed]")
    expect(group).to_contain_text("3 jobs time: TypeError in low")
    group.locator("summary", has_text="Retry 3").click()
    group.locator("[data-verb=retry]").click()
    expect(ops.locator(".ops-page [role=status]").first).to_contain_text("3 jobs run once more.")
    expect(ops.locator(".changes tbody tr").first).to_contain_text("Failed jobs put back: 3 time")
    client = stack.redis()
    for key in client.scan_iter("rq:failed:low"):
        client.delete(key)


@pytest.mark.parametrize("width", [390, 860, 1280])
def test_page_fits(stack: Stack, ops: Page, width: int) -> None:
    ops.set_viewport_size({"width": width, "height": 900})
    assert ops.evaluate("document.documentElement.scrollWidth <= innerWidth")
