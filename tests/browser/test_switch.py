"""The operator's switch: no new vendor connection after the click, none left open, and the screens go on."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.kiosk_http import timed_check_in
from tests.browser.people import check_in, log_in, open_monitor, wait_for_row
from tests.browser.streams import Streams, watched_monitor
from tests.stack import Stack
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("empty_clinic")

# The bounds in seconds, from the click to the last sign of a vendor connection anywhere.
WITH_REDIS, WITHOUT_REDIS = 0.25, 2.0


@pytest.fixture(autouse=True)
def switched_on(stack: Stack) -> Iterator[None]:
    """After each test the switch is on again."""
    yield
    stack.vendor("start")


def test_stop_in_the_admin_closes_every_connection(stack: Stack, context: BrowserContext) -> None:
    monitor = open_monitor(context, stack)
    expect(monitor.locator("[data-live]").first).to_have_attribute("data-live", "both")
    assert stack.seen()["open"] >= 1
    flips = stack.ask("SwitchEvent.objects.count()")
    admin = log_in(context, stack, "admin", "/admin/realtime/switch/1/change/")
    admin.check("[name=desired][value=off]")
    admin.fill("[name=reason]", "the vendor's status page is red")
    admin.locator("[name=_save]").click()
    admin.wait_for_url("**/admin/**")
    clicked = time.time()
    until(lambda: stack.seen()["open"] == 0, 2, "a vendor connection stayed open")
    expect(monitor.locator("[data-live]").first).to_have_attribute("data-live", "own")
    ticket = check_in(context.new_page(), stack)
    wait_for_row(monitor, ticket, "waiting", 1)
    time.sleep(max(0.0, clicked + 3 - time.time()))
    assert [one for one in stack.seen()["connections"] if one["at"] > clicked + 2] == []
    assert stack.ask("SwitchEvent.objects.count()") == flips + 1


def test_shell_stops_and_starts_and_it_survives_a_restart(stack: Stack, context: BrowserContext) -> None:
    assert stack.manage("vendor", "stop", "--reason", "drill").returncode == 0
    until(lambda: stack.seen()["open"] == 0, 2)
    stack.stop()
    stack.start()
    assert '"open": false' in stack.manage("vendor", "status", "--json").stdout
    monitor = open_monitor(context, stack)
    ticket = check_in(context.new_page(), stack)
    wait_for_row(monitor, ticket, "waiting", 1)
    assert stack.seen()["connections"] == []
    assert stack.manage("vendor", "start").returncode == 0
    expect(monitor.locator("[data-live]").first).to_have_attribute("data-live", "both", timeout=5000)


def test_empty_reason_is_refused_in_the_shell_and_on_the_ops_page(stack: Stack, context: BrowserContext) -> None:
    refused = stack.manage("vendor", "stop", "--reason", " ")
    assert refused.returncode != 0
    assert "Say why" in refused.stderr
    page = log_in(context, stack, "ops", "/ops/")
    expect(page.locator("[data-sentence]")).to_have_text("All good")
    page.locator("[data-opens=stop]").click()
    page.locator("[name=action][value=stop]").click()
    expect(page.locator("body")).to_contain_text("Say why")
    assert stack.ask("Switch.objects.get().desired") == "auto"


def test_within_a_blink_of_the_click_no_connection_begins_or_stays(stack: Stack, context: BrowserContext) -> None:
    """While patients check in. The best of three clicks keeps the bound, each the one that holds without Redis."""
    monitor, streams = watched_monitor(context, stack)
    ops, late = log_in(context, stack, "ops", "/ops/"), []
    for _click in range(3):
        expect(monitor.locator("[data-live]").first).to_have_attribute("data-live", "both", timeout=10_000)
        with patients_coming(stack):
            ops.locator("[data-opens=stop]").click()
            ops.fill("[name=reason]", "drill")
            clicked = time.time()
            ops.locator("[name=action][value=stop]").click()
            expect(ops.locator("[data-obeyed]")).to_have_text("Obeyed by 2 of 2 processes")
            late.append(last_sign(stack, monitor, streams, clicked))
        stack.vendor("start")
        ops.reload()
    assert min(late) <= WITH_REDIS and max(late) <= WITHOUT_REDIS, late


def test_with_redis_frozen_it_takes_two_seconds_at_most(stack: Stack, context: BrowserContext) -> None:
    """From a shell, so that no process that holds or hears anything is told by the one that flips."""
    monitor, streams = watched_monitor(context, stack)
    with patients_coming(stack), stack.redis_frozen():
        said = stack.manage("vendor", "stop", "--reason", "drill").stdout
        flipped = stack.ask("Switch.objects.get().at.timestamp()")
        assert last_sign(stack, monitor, streams, flipped) <= WITHOUT_REDIS
    assert "Redis is away: each process obeys within 2 seconds." in said


def test_shell_says_how_many_processes_obey(stack: Stack) -> None:
    assert stack.manage("vendor", "stop").stdout.endswith("Obeyed by 2 of 2 processes.\n")
    state = json.loads(stack.manage("vendor", "status", "--json").stdout)
    assert (state["obeyed"], state["processes"], state["others"]) == (2, 2, [])


@contextmanager
def patients_coming(stack: Stack) -> Iterator[None]:
    """Patients check in one after the other, and the vendor is told, as long as the block runs."""
    before, enough = len(stack.seen()["requests"]), threading.Event()

    def come() -> None:
        while not enough.is_set():
            timed_check_in(stack)

    coming = threading.Thread(target=come)
    coming.start()
    try:
        until(lambda: len(stack.seen()["requests"]) > before)
        yield
    finally:
        enough.set()
        coming.join()


def last_sign(stack: Stack, monitor: Page, streams: Streams, since: float) -> float:
    """Seconds to the last beginning or end of a connection, by the stand-in and by Chromium; none stays open."""
    monitor.wait_for_timeout(max(0.0, since + WITHOUT_REDIS + 0.5 - time.time()) * 1000)
    seen = stack.seen()["connections"]
    assert streams.open() == set() and [one for one in seen if one["closed_at"] is None] == []
    times = [one[moment] for one in seen for moment in ("at", "closed_at")]
    return max([*times, *streams.begun.values(), *streams.ended.values()]) - since
