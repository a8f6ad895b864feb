"""Each path alone brings the ticket: our ring, the vendor, the job's fallback, and the hub's second."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.people import check_in, open_monitor, wait_for_row
from tests.stack import running


@pytest.mark.parametrize(
    ("patches", "fault"),
    [
        ("no_fan_out,no_second", "refuse"),
        ("no_ring,no_second", "ok"),
        ("no_ring,no_second", "refuse"),
        ("no_ring,no_fan_out", "refuse"),
    ],
    ids=["our ring alone", "the vendor alone", "the job's fallback alone", "the hub's second alone"],
)
def test_one_path_alone_brings_the_ticket(
    tmp_path: Path, context: BrowserContext, patches: str, fault: str
) -> None:
    with running(tmp_path / "home", patches=patches) as stack:
        monitor = open_monitor(context, stack)
        expect(monitor.locator("[data-live]").first).to_have_attribute("data-live", "both")
        stack.fault(fault)
        ticket = check_in(context.new_page(), stack)
        wait_for_row(monitor, ticket, "waiting", 2)


def test_with_every_path_cut_the_ticket_does_not_come(tmp_path: Path, context: BrowserContext) -> None:
    """Shows that the tests above could fail: nothing else brings it."""
    with running(tmp_path / "home", patches="no_ring,no_second,no_fan_out") as stack:
        monitor = open_monitor(context, stack)
        ticket = check_in(context.new_page(), stack)
        monitor.wait_for_timeout(2500)
        assert monitor.locator(f"[data-ticket='{ticket}']").count() == 0
