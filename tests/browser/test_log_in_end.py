"""Nobody at a page of staff is logged out without a word: the notice, its button, two tabs, what is left after."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, Route, expect

from tests.browser import axe
from tests.browser.people import log_in
from tests.stack import Stack

# The row of the log-in, made to end in so many seconds: for want of an act, or because twelve hours are over.
ENDS = """
from datetime import timedelta
from clinic.models import StaffSession
from clinic.staff_session import SessionStore
from django.conf import settings
from django.utils import timezone
for row in StaffSession.objects.exclude(user_id=None):
    session, now = SessionStore(row.pk), timezone.now().timestamp()
    session["acted"] = now - settings.SESSION_IDLE.total_seconds() + {idle}
    session["began"] = now - settings.SESSION_COOKIE_AGE + {whole}
    session.save()
"""
# What can be pressed and lies under the notice, at the end of the page.
COVERED = """() => {
    const over = document.querySelector("[data-log-in]").getBoundingClientRect();
    const under = [...document.querySelectorAll("main a, main button, main select")].filter(one => {
        const at = one.getBoundingClientRect();
        const isBeside = at.right <= over.left || at.left >= over.right;
        return at.width && at.bottom > over.top && at.top < over.bottom && !isBeside;
    });
    return under.map(one => one.outerHTML);
}"""
OPS_CLOCK = (
    "document.querySelector('.ops-board').insertAdjacentHTML('beforeend', '<p data-until=\"{at}\" id=left></p>')"
)


def ends(stack: Stack, *, idle: float = 9 * 3600, whole: float = 10 * 3600) -> None:
    stack.shell.run(ENDS.format(idle=idle, whole=whole))


def open_page(context: BrowserContext, stack: Stack, who: str, path: str) -> Page:
    """With a clock that a test moves; the browser's own is wrong by years."""
    page = log_in(context, stack, who, path)
    set_clock(page)
    return page


def set_clock(page: Page) -> None:
    # A minute of the page's clock is as long a run of its timers as the machine makes of it.
    page.set_default_timeout(30_000)
    page.clock.install(time="2001-02-03T04:05:06")
    page.reload()


def notice(page: Page) -> Locator:
    return page.locator("[data-log-in]")


def words(page: Page) -> Locator:
    return notice(page).locator("[role=status]")


def asks_again(page: Page) -> None:
    """So long that a page that is not near its end has asked the server."""
    with page.expect_response("**/login/time/"):
        page.clock.run_for(61_000)


@pytest.mark.parametrize(("who", "path"), [("desk", "/desk/"), ("ops", "/ops/")])
def test_notice_comes_in_time_and_its_button_keeps_the_log_in(
    stack: Stack, context: BrowserContext, who: str, path: str
) -> None:
    page = open_page(context, stack, who, path)
    said, stay = words(page), page.get_by_role("button", name="Stay logged in")
    expect(said).to_have_text("")
    expect(stay).to_be_hidden()
    ends(stack, idle=115)
    asks_again(page)
    expect(said).to_have_text("You will be logged out in 2 minutes, since nothing was pressed here.")
    # What it lies over is another matter: of whatever card the page happens to end with.
    assert axe.violations(page, "[data-log-in]") == []
    with page.expect_response("**/login/stay/"):
        stay.click()
    expect(said).to_have_text("You stay logged in.")
    expect(stay).to_be_hidden()
    page.clock.run_for(6_000)
    expect(said).to_have_text("")
    assert page.url == stack.url + path


def test_it_takes_no_focus_and_gives_back_what_was_taken_by_hand(stack: Stack, context: BrowserContext) -> None:
    page = open_page(context, stack, "desk", "/desk/check-in/")
    page.locator("[name=given_name]").press_sequentially("Half")
    ends(stack, idle=80)
    asks_again(page)
    expect(words(page)).to_contain_text("in 1 minute")
    page.keyboard.type(" typed")
    expect(page.locator("[name=given_name]")).to_have_value("Half typed")
    stay = page.get_by_role("button", name="Stay logged in")
    stay.focus()
    page.keyboard.press("Enter")
    expect(stay).to_be_hidden()
    expect(page.locator("[name=given_name]")).to_be_focused()
    expect(page.locator("[name=given_name]")).to_have_value("Half typed")


def test_use_in_one_tab_withdraws_the_notice_in_the_other(stack: Stack, context: BrowserContext) -> None:
    one = open_page(context, stack, "desk", "/desk/check-in/")
    other = context.new_page()
    other.goto(f"{stack.url}/desk/devices/")
    set_clock(other)
    ends(stack, idle=100)
    for page in (one, other):
        asks_again(page)
        expect(words(page)).to_contain_text("2 minutes")
    one.get_by_role("button", name="Stay logged in").click()
    expect(words(one)).to_contain_text("You stay")
    with other.expect_response("**/login/time/"):
        other.clock.run_for(11_000)
    expect(words(other)).to_have_text("")


def test_the_server_is_asked_before_anything_is_said(stack: Stack, context: BrowserContext) -> None:
    """The other tab was used all the while: this page knows of an end that is none any more."""
    page = log_in(context, stack, "admin", "/audit/")
    soon = re.compile(r'data-ends="\d+"')
    page.route("**/audit/", lambda route: sooner(route, soon))
    set_clock(page)
    with page.expect_response("**/login/time/"):
        page.clock.run_for(2_000)
    expect(notice(page)).to_have_attribute("data-shown", "")
    page.clock.run_for(200_000)
    expect(notice(page)).to_have_attribute("data-shown", "")


def sooner(route: Route, soon: re.Pattern[str]) -> None:
    answer = route.fetch()
    now = re.search(r'data-now="(\d+)"', answer.text())
    assert now
    route.fulfill(response=answer, body=soon.sub(f'data-ends="{int(now[1]) + 60_000}"', answer.text()))


def test_before_the_twelfth_hour_it_says_when_and_has_no_button(stack: Stack, context: BrowserContext) -> None:
    page = open_page(context, stack, "desk", "/desk/check-in/")
    ends(stack, whole=250)
    asks_again(page)
    said = words(page)
    expect(said).to_contain_text(re.compile(r"log in again by \d{1,2}:\d\d\s[AP]M\."))
    zone = stack.ask("__import__('clinic.models', fromlist=['x']).Clinic.objects.get(slug='harbor').time_zone")
    expect(said.locator("[data-at]")).to_have_attribute("data-at", zone)
    expect(page.get_by_role("button", name="Stay logged in")).to_be_hidden()


@pytest.mark.parametrize("path", ["/desk/check-in/", "/desk/devices/pair/"])
def test_page_whose_log_in_has_ended_leads_to_the_log_in(stack: Stack, context: BrowserContext, path: str) -> None:
    """By itself, from pages too that ask for nothing else; and back to where it was."""
    page = open_page(context, stack, "desk", path)
    page.locator("input:visible").first.fill("Half")
    ends(stack, idle=-1)
    page.clock.run_for(61_000)
    page.wait_for_url(f"**/login/?next={path}&ended=1")
    expect(page.get_by_role("status")).to_contain_text("some time without a tap")


def test_without_an_answer_nothing_of_a_patient_is_shown_past_the_end(
    stack: Stack, context: BrowserContext
) -> None:
    page = open_page(context, stack, "desk", "/desk/check-in/")
    page.locator("[name=given_name]").fill("Half")
    ends(stack, idle=110)
    asks_again(page)
    # The page has read the answer, which may come late on a busy machine.
    expect(words(page)).to_contain_text("2 minutes")
    page.route("**/login/time/", lambda route: route.abort())
    page.clock.run_for(80_000)
    expect(words(page)).to_contain_text("less than 30 seconds")
    page.clock.run_for(35_000)
    expect(page.locator("[name=given_name]")).to_be_hidden()
    expect(words(page)).to_contain_text("You were logged out")
    expect(page.get_by_role("link", name="Log in again")).to_be_visible()
    page.unroute("**/login/time/")
    ends(stack)
    page.clock.run_for(11_000)
    expect(page.locator("[name=given_name]")).to_have_value("Half")
    expect(page.locator("[name=given_name]")).to_be_visible()


def test_button_that_nothing_answers_says_so(stack: Stack, context: BrowserContext) -> None:
    page = open_page(context, stack, "desk", "/desk/check-in/")
    ends(stack, idle=110)
    asks_again(page)
    page.route("**/login/stay/", lambda route: route.abort())
    page.get_by_role("button", name="Stay logged in").click()
    expect(page.get_by_role("alert").filter(has_text="did not answer. Press again.")).to_be_visible()


def test_it_can_be_pressed_over_an_open_dialog(stack: Stack, context: BrowserContext) -> None:
    page = open_page(context, stack, "ops", "/ops/")
    page.locator("[data-opens=stop]").click()
    page.keyboard.type("half a reason")
    ends(stack, idle=110)
    asks_again(page)
    page.get_by_role("button", name="Stay logged in").click()
    expect(words(page)).to_have_text("You stay logged in.")
    expect(page.locator("#why-stop")).to_have_value("half a reason")


def test_whatever_it_lies_over_can_be_scrolled_clear_of_it(stack: Stack, context: BrowserContext) -> None:
    page = open_page(context, stack, "desk", "/desk/")
    ends(stack, idle=110)
    asks_again(page)
    expect(page.get_by_role("button", name="Stay logged in")).to_be_visible()
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    covered = page.evaluate(COVERED)
    assert covered == []


def test_it_hides_nothing_that_has_the_focus(stack: Stack, context: BrowserContext) -> None:
    page = open_page(context, stack, "desk", "/desk/check-in/")
    ends(stack, idle=110)
    asks_again(page)
    expect(page.get_by_role("button", name="Stay logged in")).to_be_visible()
    under = "one => Object.assign(one.style, {position: 'fixed', insetBlockEnd: '80px', insetInlineEnd: '30px'})"
    page.locator("[data-verb=check-in]").evaluate(under)
    page.locator("[data-verb=check-in]").focus()
    boxes = [one.bounding_box() for one in (notice(page), page.locator("[data-verb=check-in]"))]
    assert boxes[0] and boxes[1] and boxes[0]["x"] + boxes[0]["width"] < boxes[1]["x"]
    page.locator("[name=given_name]").focus()
    expect(notice(page)).not_to_have_attribute("data-dodges", "")


def test_ops_page_counts_by_the_servers_clock(stack: Stack, context: BrowserContext) -> None:
    """The browser's own is a quarter of a century behind."""
    page = open_page(context, stack, "ops", "/ops/")
    at = int(stack.ask("int(__import__('time').time() * 1000)")) + 3_600_000
    page.evaluate(OPS_CLOCK.format(at=at))
    page.clock.run_for(1_000)
    expect(page.locator("#left")).to_have_text(re.compile(r"^in (59:\d\d|1:00:00)$"))
    year = page.evaluate("new Date().getFullYear()")
    assert year == 2001
