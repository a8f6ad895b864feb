"""A page that hears of a change and cannot fetch it is old, and says so, although our socket goes on speaking."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.people import check_in, open_monitor, wait_for_row
from tests.stack import Stack

pytestmark = pytest.mark.usefixtures("empty_clinic")

# Of static/js/live.js, in seconds: how old a page may be and not say so, and the longest wait between fetches.
STALE, AGAIN = 15, 5.1


def test_page_without_its_board_says_that_it_is_old(stack: Stack, context: BrowserContext) -> None:
    # Really waited for: with a clock of the test's own, the socket would seem to be silent.
    page = open_monitor(context, stack)
    live = page.locator("[data-live]").first
    expect(live).to_have_attribute("data-live", "both")
    board = "**/monitor/board/"
    context.route(board, lambda route: route.fulfill(status=500))
    ticket = check_in(context.new_page(), stack)
    expect(live).to_have_attribute("data-live", "stale", timeout=(STALE + 2) * 1000)
    assert page.locator(f"[data-ticket='{ticket}']").count() == 0
    context.unroute(board)
    wait_for_row(page, ticket, "waiting", AGAIN + 1)
    expect(live).to_have_attribute("data-live", "both", timeout=1000)
