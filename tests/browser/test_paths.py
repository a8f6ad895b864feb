"""Each path alone brings the ticket: our ring, the vendor, the job's fallback, and the hub's second."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.people import check_in, open_monitor, wait_for_row
from tests.faults.fan_out import FanOut
from tests.stack import Stack, running


@pytest.fixture(scope="module")
def cuttable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack of which single paths can be cut."""
    folder = tmp_path_factory.mktemp("cuttable")
    cuts = folder / "cuts"
    cuts.write_text("")
    with running(folder / "home", cuts=cuts) as stack:
        yield stack


@pytest.fixture
def whole(cuttable: Stack) -> Iterator[Stack]:
    """It begins and ends with nothing cut, and nothing known of the vendor."""
    FanOut(cuttable).forget()
    yield cuttable
    cut(cuttable, "")
    cuttable.fault("ok")


def cut(stack: Stack, paths: str) -> None:
    assert stack.cuts
    stack.cuts.write_text(paths)


@pytest.mark.parametrize(
    ("paths", "fault"),
    [
        ("fan_out second", "refuse"),
        ("ring second", "ok"),
        ("ring second", "refuse"),
        ("ring fan_out", "refuse"),
    ],
    ids=["our ring alone", "the vendor alone", "the job's fallback alone", "the hub's second alone"],
)
def test_one_path_alone_brings_the_ticket(whole: Stack, context: BrowserContext, paths: str, fault: str) -> None:
    monitor = open_monitor(context, whole)
    expect(monitor.locator("[data-live]").first).to_have_attribute("data-live", "both")
    whole.fault(fault)
    cut(whole, paths)
    ticket = check_in(context.new_page(), whole)
    wait_for_row(monitor, ticket, "waiting", 2)


def test_with_every_path_cut_the_ticket_does_not_come(whole: Stack, context: BrowserContext) -> None:
    """Shows that the tests above could fail: nothing else brings it."""
    monitor = open_monitor(context, whole)
    cut(whole, "ring second fan_out")
    ticket = check_in(context.new_page(), whole)
    monitor.wait_for_timeout(2500)
    assert monitor.locator(f"[data-ticket='{ticket}']").count() == 0
