"""The kiosk forgets: when nobody answers its warning, after the ticket, and whatever the browser's Back does."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.people import Patient, answer_page, finish, go_to_last_page
from tests.browser.test_offline_shell import BACK, READY
from tests.stack import Stack

SECRET = "Zimmerfeld"
MINUTE_AND_A_HALF, WARNING = 91_000, 31_000


def at_name_page(context: BrowserContext, stack: Stack) -> Page:
    """A name is typed, and then nobody is there any more. The page's clock is ours."""
    page = context.new_page()
    page.clock.install()
    page.goto(f"{stack.url}/kiosk/")
    for _page in range(2):
        with page.expect_navigation():
            page.locator("[data-primary]").click()
    expect(page).to_have_url(f"{stack.url}/kiosk/name/")
    answer_page(page, Patient(family_name=SECRET))
    return page


def test_idle_kiosk_warns_then_wipes_and_back_shows_nothing(context: BrowserContext, stack: Stack) -> None:
    page = at_name_page(context, stack)
    page.clock.run_for(MINUTE_AND_A_HALF)
    expect(page.locator("dialog")).to_be_visible()
    page.clock.run_for(WARNING)
    page.wait_for_url(f"{stack.url}/kiosk/")
    page.go_back()
    assert page.url == f"{stack.url}/kiosk/"
    assert SECRET not in page.content() and not page.locator("[name=family_name]").count()


def test_any_tap_answers_the_warning_and_keeps_what_was_typed(context: BrowserContext, stack: Stack) -> None:
    page = at_name_page(context, stack)
    page.clock.run_for(MINUTE_AND_A_HALF)
    page.locator("dialog button").click()
    page.clock.run_for(WARNING)
    expect(page.locator("dialog")).to_be_hidden()
    expect(page.locator("[name=family_name]")).to_have_value(SECRET)


def test_first_page_that_nobody_touched_does_not_warn(context: BrowserContext, stack: Stack) -> None:
    page = context.new_page()
    page.clock.install()
    page.goto(f"{stack.url}/kiosk/")
    page.clock.run_for(10 * MINUTE_AND_A_HALF)
    expect(page.locator("dialog")).to_be_hidden()


LISTEN = """
window.gains = [];
Object.defineProperty(AudioContext.prototype, "state", { value: "running" });
window.GainNode = class extends GainNode { constructor(audio, how) { super(audio, how); gains.push(how.gain); } };
"""


def test_warning_is_as_loud_as_the_kiosk_was_set_up(context: BrowserContext, stack: Stack) -> None:
    page = context.new_page()
    page.clock.install()
    page.add_init_script(LISTEN)
    page.goto(f"{stack.url}/kiosk/")
    for volume in (100, 0):
        page.evaluate("(volume) => (document.querySelector('[data-kiosk]').dataset.volume = volume)", volume)
        page.keyboard.press("Tab")
        page.clock.run_for(61_000)
        page.locator("dialog button").click()
    assert page.evaluate("gains") == [0.33]


def test_ticket_clears_itself_after_twenty_seconds(context: BrowserContext, stack: Stack) -> None:
    page = context.new_page()
    page.clock.install()
    go_to_last_page(page, stack, Patient())
    ticket = finish(page)
    page.clock.run_for(21_000)
    page.wait_for_url(f"{stack.url}/kiosk/")
    page.goto(f"{stack.url}/kiosk/ticket/")
    assert page.url == f"{stack.url}/kiosk/" and ticket not in page.inner_text("body")


def test_wipe_without_network_sends_people_to_the_desk(context: BrowserContext, stack: Stack) -> None:
    page = at_name_page(context, stack)
    page.evaluate(READY)
    context.set_offline(True)
    page.clock.run_for(MINUTE_AND_A_HALF)
    page.clock.run_for(WARNING)
    expect(page.locator("[data-home]")).to_contain_text("go to the front desk")
    assert SECRET not in page.content()
    context.set_offline(False)
    page.clock.run_for(20_000)
    expect(page.locator("[name=language]").first).to_be_visible(timeout=BACK * 1000)
    page.goto(f"{stack.url}/kiosk/name/")
    assert not page.locator("[name=family_name]").count()


EARLY_TAP = """
performance.now = () => location.pathname.includes("arrival") ? 150 : 500;
addEventListener("click", () => (document.documentElement.dataset.tapped = ""), true);
"""


def test_second_tap_of_a_double_tap_does_not_answer_the_next_page(context: BrowserContext, stack: Stack) -> None:
    touch = context.browser.new_context(has_touch=True)  # type: ignore[union-attr]
    touch.add_init_script(EARLY_TAP)
    page = touch.new_page()
    page.goto(f"{stack.url}/kiosk/")
    page.tap("[data-primary]")
    page.wait_for_url("**/kiosk/arrival/")
    page.tap("[data-primary]")
    expect(page.locator("html[data-tapped]")).to_have_count(1)
    page.evaluate("performance.now = () => 500")
    page.tap("[data-primary]")
    page.wait_for_url("**/kiosk/name/")
    touch.close()


def test_kiosk_without_script_gives_a_ticket(context: BrowserContext, stack: Stack) -> None:
    quiet = context.browser.new_context(java_script_enabled=False)  # type: ignore[union-attr]
    page = quiet.new_page()
    go_to_last_page(page, stack, Patient())
    assert finish(page)
    quiet.close()


def test_problem_takes_the_focus_and_leads_to_its_field(context: BrowserContext, stack: Stack) -> None:
    page = at_name_page(context, stack)
    page.fill("[name=family_name]", "")
    page.locator("[data-primary]").click()
    expect(page.locator("[data-problem]")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("[name=family_name]")).to_be_focused()
