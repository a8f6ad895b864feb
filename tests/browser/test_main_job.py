"""A patient checks in at a kiosk in the browser, the room sees it at once, the desk calls."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext

from tests.browser.people import Patient, finish, go_to_last_page, log_in, open_monitor, press, wait_for_row
from tests.stack import Stack

pytestmark = pytest.mark.usefixtures("empty_clinic")


# Every other fault is in tests/faults.
@pytest.mark.parametrize("fault", ["ok", "silent"])
def test_check_in_and_call_reach_the_open_monitor_within_a_second(
    stack: Stack, context: BrowserContext, fault: str
) -> None:
    monitor, desk, kiosk = (
        open_monitor(context, stack),
        log_in(context, stack, "desk", "/desk/"),
        context.new_page(),
    )
    monitor.evaluate("window.notReloaded = true")
    stack.fault(fault)
    go_to_last_page(kiosk, stack, Patient())
    ticket = finish(kiosk)
    wait_for_row(monitor, ticket, "waiting", 1)
    wait_for_row(desk, ticket, "waiting", 1)
    press(desk, ticket, "call")
    wait_for_row(monitor, ticket, "called", 1)
    assert monitor.evaluate("window.notReloaded")
