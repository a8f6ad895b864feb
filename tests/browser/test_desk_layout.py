"""How the staff's pages look, measured: in each state, each size, light and dark, and what axe says of them."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser import axe, layout
from tests.browser.desk_people import arrive, arrive_many, ask_for_help, open_desk, send_all_home
from tests.browser.people import press
from tests.stack import Stack

# A box to tick has its label around or beside it; a link in a list of errors stands in text.
TARGETS = [("input[type=checkbox], .notice a", 24), ("a, button, input, select, summary, textarea", 44)]
REAL, TALL, NARROW = (1366, 768), (1366, 6000), (320, 6000)
SPANISH = {"Accept-Language": "es-MX, es, en"}


def check(page: Page, what: str, *sizes: tuple[int, int]) -> None:
    """Nothing is wrong at these sizes: so tall that what sticks to an edge hides nothing."""
    for width, height in sizes or (TALL, NARROW):
        page.set_viewport_size({"width": width, "height": height})
        assert layout.faults(page, TARGETS) == [], (what, width)
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        assert axe.violations(page) == [], (what, scheme)


def check_large_text(page: Page, what: str) -> None:
    """At 200 % text nothing is lost, in a window and on a narrow one."""
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    for width, height in (TALL, NARROW):
        page.set_viewport_size({"width": width, "height": height})
        assert layout.faults(page, TARGETS) == [], (what, width)
    page.evaluate("document.documentElement.style.fontSize = ''")


def test_desk_holds_with_nobody_and_with_one(stack: Stack, context: BrowserContext) -> None:
    send_all_home(stack)
    page = open_desk(context, stack)
    page.reload()
    expect(page.locator("#waiting .card")).to_have_count(0)
    check(page, "empty")
    ticket = arrive(stack, minutes=31)
    expect(page.locator("#waiting .card")).to_have_count(1)
    press(page, ticket, "left")
    expect(page.locator(".said [data-verb=undo]")).to_be_visible()
    check(page, "said")
    page.locator("[data-keys]").click()
    check(page, "keys")


def test_desk_holds_with_forty_at_its_real_size(stack: Stack, context: BrowserContext) -> None:
    send_all_home(stack)
    arrive_many(stack, 40)
    page = open_desk(context, stack)
    page.set_viewport_size({"width": 1366, "height": 768})
    assert layout.faults(page, TARGETS, sight=["#call-next", "#find", ".in-line", ".desk-path"]) == []


def test_desk_holds_with_twelve_an_alarm_and_in_spanish(stack: Stack, context: BrowserContext) -> None:
    send_all_home(stack)
    arrive_many(stack, 12)
    page = open_desk(context, stack)
    page.set_viewport_size({"width": 1366, "height": 768})
    ask_for_help(stack)
    expect(page.locator(".alarm")).to_be_visible()
    for more in page.locator("#called summary").all():
        more.click()
    assert layout.faults(page, TARGETS, sight=["#call-next", ".alarm .button", ".desk-path"]) == []
    check(page, "an alarm")
    check_large_text(page, "an alarm in large text")
    page.set_extra_http_headers(SPANISH)
    page.reload()
    expect(page.locator("#call-next")).to_contain_text("Llamar")
    for more in page.locator("#called summary").all():
        more.click()
    for width, height in (TALL, NARROW):
        page.set_viewport_size({"width": width, "height": height})
        assert layout.faults(page, TARGETS) == [], "in Spanish"


def test_desk_that_is_old_says_so_and_holds(stack: Stack, context: BrowserContext) -> None:
    send_all_home(stack)
    arrive(stack, minutes=62)
    page = open_desk(context, stack)
    page.clock.install()
    page.route_web_socket("**/ws/**", lambda socket: socket.close())
    page.route("**/live/**", lambda route: route.abort())
    page.reload()
    page.clock.fast_forward("00:20")
    expect(page.get_by_role("alert").filter(has_text="Nothing heard from the server since")).to_be_visible()
    check(page, "stale")


def test_forms_of_the_desk_and_the_log_in_hold(stack: Stack, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(f"{stack.url}/login/")
    page.fill("[name=username]", "nobody")
    page.fill("[name=password]", "wrong")
    check(page, "log-in")
    page.locator("[type=submit]").click()
    expect(page.get_by_role("alert")).to_be_visible()
    check(page, "log-in refused")
    page = open_desk(context, stack, "manager")
    page.get_by_role("link", name="Check a patient in").click()
    check(page, "check-in")
    check_large_text(page, "check-in")
    page.locator("[data-verb=check-in]").click()
    expect(page.get_by_role("alert")).to_be_focused()
    check(page, "check-in with errors")
    page.goto(f"{stack.url}/desk/day/")
    check(page, "the day")
    check_large_text(page, "the day")
    page.locator("[rel=prev]").click()
    check(page, "a day without anybody")
