"""An own socket that stays open and says no more: the page gives it up, asks, and opens another."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, WebSocketRoute, expect

from tests.browser.people import Patient, check_in, finish, go_to_last_page, open_monitor, wait_for_row
from tests.stack import Stack

pytestmark = pytest.mark.usefixtures("empty_clinic")

# Of static/js/live.js, in seconds: how long it bears a silence, the longest time between two asks, and when a page
# is stale.
SILENT, ASK, STALE = 12, 1.8, 15


class Mute:
    """The way between the pages and our sockets: the first message goes through, then nothing, closes included."""

    def __init__(self, context: BrowserContext) -> None:
        self.sockets = 0
        self.said = 0
        self.mended = False
        context.route_web_socket("**/ws/*/", self._carry)

    def _carry(self, page: WebSocketRoute) -> None:
        self.sockets += 1
        mine = self.sockets
        page.on_message(lambda _message: None)
        page.on_close(lambda _code, _reason: None)
        server = page.connect_to_server()
        server.on_close(lambda _code, _reason: None)
        server.on_message(lambda message: self._say(page, mine, message))

    def _say(self, page: WebSocketRoute, mine: int, message: str | bytes) -> None:
        if self.said == 0 or (self.mended and mine > 1):
            self.said += 1
            page.send(message)


@pytest.mark.parametrize("seconds", [SILENT, STALE + 1])
def test_page_does_not_wait_for_a_socket_that_has_fallen_silent(
    stack: Stack, context: BrowserContext, seconds: int
) -> None:
    way = Mute(context)
    # The vendor's stream is up and says nothing either, so only the floor is left.
    stack.fault("deaf")
    context.clock.install()
    monitor, kiosk = open_monitor(context, stack), context.new_page()
    live = monitor.locator("[data-live]").first
    expect(live).to_have_attribute("data-live", "both")
    ticket = check_in(kiosk, stack)
    monitor.clock.fast_forward(seconds * 1000)
    wait_for_row(monitor, ticket, "waiting", ASK + 1)
    expect(live).to_have_attribute("data-live", "vendor", timeout=100)
    go_to_last_page(kiosk, stack, Patient())
    wait_for_row(monitor, finish(kiosk), "waiting", ASK + 1)
    assert way.sockets > 1
    way.mended = True
    # The hub speaks on each socket every 5 s.
    expect(live).to_have_attribute("data-live", "both", timeout=7000)
