"""Redis frozen or killed: check-in answers, the screen follows, and all of it mends itself."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.people import Patient, go_to_last_page, open_monitor, wait_for_row
from tests.stack import Stack
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("empty_clinic")


def _freeze(stack: Stack) -> Callable[[], None]:
    pid = stack.valkey_pid()
    os.kill(pid, signal.SIGSTOP)
    return lambda: os.kill(pid, signal.SIGCONT)


def _kill(stack: Stack) -> Callable[[], None]:
    os.kill(stack.valkey_pid(), signal.SIGKILL)
    return lambda: None


@pytest.mark.parametrize("break_it", [_freeze, _kill])
def test_check_in_goes_on_without_redis_and_mends_itself(
    stack: Stack, context: BrowserContext, break_it: Callable[[Stack], Callable[[], None]]
) -> None:
    monitor, kiosk = open_monitor(context, stack), context.new_page()
    go_to_last_page(kiosk, stack, Patient())
    mend = break_it(stack)
    try:
        began = time.monotonic()
        kiosk.locator("[data-primary]").click()
        ticket = kiosk.locator("[data-ticket]").inner_text().strip()
        assert time.monotonic() - began < 1
        wait_for_row(monitor, ticket, "waiting", 2)
        expect(monitor.locator("[data-live]").first).to_have_attribute("data-live", "both")
    finally:
        mend()
    until(lambda: _all_delivered(stack, ticket), 30)
    _the_bell_works_again(stack, context)


def _all_delivered(stack: Stack, ticket: str) -> bool:
    """Whether what is owed for the newest visit with this ticket is delivered, and is where it belongs."""
    visit = f"Visit.objects.filter(ticket={ticket!r}).latest('pk')"
    owed = stack.ask(f"list({visit}.deliveries.values_list('state', 'key', 'destination__kind'))")
    got = {one["key"] for one in stack.received()}
    # FHIR resources carry no key: that they arrived is what delivered means.
    return bool(owed) and all(state == "delivered" and (key in got or kind == "fhir") for state, key, kind in owed)


def _the_bell_works_again(stack: Stack, context: BrowserContext) -> None:
    """A job runs and its notice goes by the vendor again, with nothing restarted by hand."""

    def sent() -> int:
        return sum(int(value) for value in stack.redis().hvals("evenkeel:notices"))  # type: ignore[union-attr]

    before = sent()
    kiosk = context.new_page()
    go_to_last_page(kiosk, stack, Patient())
    kiosk.locator("[data-primary]").click()
    until(lambda: sent() > before, 10)
