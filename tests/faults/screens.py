"""The screens of one clinic, open through every fault, each noting when a row first stood on it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Browser, Page, expect

from tests.browser.people import log_in, open_monitor, wait_for_row
from tests.stack import Stack

# Each page's own record, in ms since 1970, by the one clock of this machine.
RECORD = """
window.shown = {};
new MutationObserver(() => {
  for (const row of document.querySelectorAll("[data-ticket][data-state]:not([hidden])"))
    window.shown[row.dataset.ticket + " " + row.dataset.state] ??= Date.now();
}).observe(document, { subtree: true, childList: true });
addEventListener("click", () => sessionStorage.setItem("pressed", Date.now()), true);
"""
# How long anybody waits for a row before the test fails without a figure.
LONGEST = 5


@dataclass(frozen=True)
class Screens:
    """`bare`: a monitor whose own WebSocket never comes up: it has the vendor's stream, and the floor."""

    monitor: Page
    desk: Page
    bare: Page

    def call(self, ticket: str) -> float:
        """Presses the desk's button. Returns when, in ms since 1970."""
        self.desk.locator(f"[data-ticket='{ticket}'] [data-verb=call]").click()
        return float(self.desk.evaluate("sessionStorage.getItem('pressed')"))

    def send_home(self, ticket: str) -> None:
        """The desk marks that the patient left, by the form of the card, but with no click and no new page."""
        card = self.desk.locator(f"form[data-ticket='{ticket}']")
        said = {name: card.locator(f"[name={name}]").input_value() for name in ("csrfmiddlewaretoken", "seen")}
        url = self.desk.url.removesuffix("/desk/") + str(card.get_attribute("action"))
        self.desk.request.post(url, form={**said, "verb": "left"}, headers={"Referer": self.desk.url})

    def live(self) -> tuple[str, str]:
        """What monitor and bare monitor say of the path that they are on."""
        return _live(self.monitor), _live(self.bare)

    def wait_for_streams(self, seconds: float) -> None:
        """Both monitors hear the vendor."""
        wait_for_live(self.monitor, "both", seconds)
        wait_for_live(self.bare, "vendor", seconds)


def shown_at(page: Page, ticket: str, state: str) -> float:
    """When the row stood on the page, in ms since 1970."""
    wait_for_row(page, ticket, state, LONGEST)
    return float(page.evaluate("key => window.shown[key]", f"{ticket} {state}"))


def wait_for_live(page: Page, path: str, seconds: float) -> None:
    expect(page.locator("[data-live]").first).to_have_attribute("data-live", path, timeout=seconds * 1000)


def _live(page: Page) -> str:
    return page.locator("[data-live]").first.get_attribute("data-live") or ""


@contextmanager
def open_screens(browser: Browser, stack: Stack) -> Iterator[Screens]:
    """In two profiles: one whose own sockets are cut, and a usual one. No page's script may fail."""
    usual, cut = browser.new_context(), browser.new_context()
    errors: list[str] = []
    for context in (usual, cut):
        context.set_default_timeout(10_000)
        context.add_init_script(RECORD)
        context.on("weberror", lambda error: errors.append(f"{error.error.stack or error.error}"))
    cut.route_web_socket(re.compile("/ws/"), lambda socket: socket.close())
    bare = cut.new_page()
    bare.goto(f"{stack.url}/monitor/")
    yield Screens(open_monitor(usual, stack), log_in(usual, stack, "desk", "/desk/"), bare)
    usual.close()
    cut.close()
    assert errors == [], errors
