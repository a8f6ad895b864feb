"""A call at a real desk fills a real wait-room screen at once, and whoever goes in makes way at once."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.people import check_in, log_in, open_monitor, press, wait_for_row
from tests.stack import Stack

pytestmark = pytest.mark.usefixtures("empty_clinic")


def test_call_of_the_desk_fills_the_screen_until_it_is_withdrawn(stack: Stack, context: BrowserContext) -> None:
    monitor, desk = open_monitor(context, stack), log_in(context, stack, "desk", "/desk/")
    ticket = check_in(context.new_page(), stack)
    wait_for_row(desk, ticket, "waiting", 1)
    press(desk, ticket, "call")
    panel = monitor.locator("[data-call]")
    expect(panel.locator("[data-call-ticket]")).to_have_text(ticket, timeout=1000)
    expect(panel).to_be_visible()
    room = monitor.locator(f"[data-ticket={ticket}] .room").inner_text()
    expect(panel.locator("[data-call-room]")).to_have_text(room)
    wait_for_row(desk, ticket, "called", 1)
    press(desk, ticket, "room")
    expect(panel).to_be_hidden(timeout=1000)
    expect(monitor.locator(f"[data-ticket={ticket}]")).to_have_count(0)
