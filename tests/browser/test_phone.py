"""The page on a patient's phone, in a real browser: it hears of every change, rests when hidden, and is small."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser import axe, layout
from tests.browser.people import Patient, check_in, log_in, press
from tests.stack import Stack

LINK = (
    """__import__("clinic.phone_links", fromlist=["link"]).link(Visit.objects.filter(ticket="{}").latest("pk"))"""
)
SIZE = {"width": 360, "height": 740}
KILOBYTES, REQUESTS = 40, 5
TARGETS = [("a, button", 44.0)]
END_LONG_AGO = """
from datetime import timedelta
from django.utils import timezone
Visit.objects.filter(ticket="{}").update(ended_at=timezone.now() - timedelta(hours=13))
"""
MOVE = """
from clinic.models import Visit
from clinic.services import Actor, move
visit = Visit.objects.filter(ticket="{}").latest("pk")
move(visit.clinic, visit.public_id, "{}", by=Actor(), room=visit.clinic.rooms.first())
"""
# Whatever is written for those who listen, in order.
HEAR = """
window.heard = [];
new MutationObserver(() => window.heard.push(document.querySelector("[data-announce]").textContent))
  .observe(document.querySelector("[data-announce]"), { childList: true, characterData: true, subtree: true });
"""
HIDE = """(hidden) => {
  Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    """A phone of nobody else: it has no rights but those of its link."""
    context = browser.new_context(viewport=SIZE)  # type: ignore[arg-type]
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


@pytest.fixture
def desk(context: BrowserContext, stack: Stack) -> Page:
    return log_in(context, stack, "desk", "/desk/")


def new_patient(context: BrowserContext, stack: Stack) -> tuple[str, str]:
    """A ticket, and the link that goes with it."""
    kiosk = context.new_page()
    ticket = check_in(kiosk, stack, Patient())
    kiosk.close()
    return ticket, str(stack.ask(LINK.format(ticket)))


def is_on_its_socket(phone: Page) -> None:
    expect(phone.locator("[data-live]")).to_have_attribute("data-live", "own")


def heard(phone: Page) -> list[str]:
    return [" ".join(one.split()) for one in phone.evaluate("window.heard")]


def test_phone_hears_each_change_says_it_once_and_costs_little(
    context: BrowserContext, stack: Stack, desk: Page, phone: Page
) -> None:
    ticket, link = new_patient(context, stack)
    asked, sizes = list[Any](), list[int]()
    network = phone.context.new_cdp_session(phone)
    network.send("Network.enable")
    network.on("Network.loadingFinished", lambda done: sizes.append(done["encodedDataLength"]))
    phone.on("request", lambda request: asked.append(request))
    phone.goto(link)
    is_on_its_socket(phone)
    assert len(asked) <= REQUESTS and 0 < sum(sizes) <= KILOBYTES * 1024
    phone.evaluate(HEAR)
    new_patient(context, stack)
    phone.evaluate("document.dispatchEvent(new Event('look'))")
    phone.locator("#leave").focus()
    press(desk, ticket, "call")
    expect(phone.locator("h1")).to_contain_text("Please go to", timeout=2000)
    expect(phone.locator("#leave")).to_be_focused()
    press(desk, ticket, "room")
    expect(phone.locator("h1")).to_contain_text("You are in", timeout=2000)
    assert [said.rpartition(" Room ")[0] for said in heard(phone)] == ["Please go to", "You are in"]
    own = stack.url.removeprefix("http://")
    assert {request.url.split("/")[2] for request in asked} == {own}
    assert [request.url for request in asked if "referer" in request.all_headers()] == []
    assert phone.evaluate("localStorage.length + sessionStorage.length + document.cookie.length") == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_phone_pages_hold_their_layout_and_please_axe(
    browser: Browser, context: BrowserContext, stack: Stack, scheme: str
) -> None:
    """On a small phone: in each state, asked to confirm, and where the link leads nowhere."""
    ticket, link = new_patient(context, stack)
    small = browser.new_context(viewport={"width": 320, "height": 568}, color_scheme=scheme)  # type: ignore
    page = small.new_page()
    page.goto(link)
    page.get_by_role("button", name="I need 10 more minutes").click()
    for address in (link, f"{link}leave/", f"{stack.url}/v/nobody/"):
        page.goto(address)
        assert layout.faults(page, TARGETS) == [] and axe.violations(page) == []
    for verb, state in (("call", "called"), ("step-out", "stepped_out"), ("return", "waiting")):
        stack.shell.run(MOVE.format(ticket, verb))
        page.goto(link)
        expect(page.locator(f"[data-board] [data-state={state}]").first).to_be_visible()
        assert layout.faults(page, TARGETS) == [] and axe.violations(page) == []
    page.goto(f"{link}leave/")
    page.get_by_role("button", name="Yes, leave the line").click()
    expect(page.locator("[data-board] [data-state=left]").first).to_be_visible()
    assert layout.faults(page, TARGETS) == [] and axe.violations(page) == []
    small.close()


def test_hidden_page_is_silent_and_looks_when_it_is_seen_again(
    context: BrowserContext, stack: Stack, desk: Page, phone: Page
) -> None:
    ticket, link = new_patient(context, stack)
    sockets, asked = list[Any](), list[Any]()
    phone.clock.install()
    phone.on("websocket", lambda socket: sockets.append(socket))
    phone.goto(link)
    is_on_its_socket(phone)
    phone.on("request", lambda request: asked.append(request))
    phone.evaluate(HIDE, True)
    press(desk, ticket, "call")
    phone.clock.run_for(300_000)
    assert (len(asked), len(sockets), sockets[0].is_closed()) == (0, 1, True)
    phone.evaluate(HIDE, False)
    expect(phone.locator("h1")).to_contain_text("Please go to", timeout=2000)
    is_on_its_socket(phone)


def test_without_a_socket_the_phone_asks_every_fifteen_seconds(
    context: BrowserContext, stack: Stack, desk: Page, phone: Page
) -> None:
    ticket, link = new_patient(context, stack)
    phone.clock.install()
    phone.route_web_socket("**/ws/**", lambda socket: socket.close())
    phone.goto(link)
    press(desk, ticket, "call")
    # 12 s at least; the page's clock goes on by itself, too, for as long as the press takes.
    phone.clock.fast_forward(7_000)
    phone.wait_for_timeout(300)
    expect(phone.locator("h1")).not_to_contain_text("Please go to")
    phone.clock.fast_forward(12_000)
    expect(phone.locator("h1")).to_contain_text("Please go to")
    expect(phone.locator("[data-live]")).to_have_attribute("data-live", "poll")


def test_phone_without_script_asks_for_time_and_leaves(
    context: BrowserContext, browser: Browser, stack: Stack
) -> None:
    _ticket, link = new_patient(context, stack)
    quiet = browser.new_context(java_script_enabled=False, viewport=SIZE)  # type: ignore[arg-type]
    page = quiet.new_page()
    page.goto(link)
    expect(page.get_by_role("link", name="Look again")).to_be_visible()
    page.get_by_role("button", name="I need 10 more minutes").click()
    expect(page.locator(".wait")).to_contain_text("We will not call you before")
    page.get_by_role("link", name="Leave the line").click()
    page.get_by_role("link", name="No, keep my place").click()
    expect(page.locator("[data-state=waiting]")).to_be_visible()
    page.get_by_role("link", name="Leave the line").click()
    page.get_by_role("button", name="Yes, leave the line").click()
    expect(page.locator("h1")).to_have_text("You left the line")
    quiet.close()


def test_link_that_dies_ends_the_open_page(context: BrowserContext, stack: Stack, phone: Page) -> None:
    ticket, link = new_patient(context, stack)
    phone.goto(f"{link}leave/")
    phone.get_by_role("button", name="Yes, leave the line").click()
    is_on_its_socket(phone)
    stack.shell.run(END_LONG_AGO.format(ticket))
    expect(phone.locator("h1").first).to_have_text("This link has ended", timeout=20_000)
