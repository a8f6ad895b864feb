"""The operator's switch: no new vendor connection after the click, none left open, and the screens go on."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.people import check_in, log_in, open_monitor, wait_for_row
from tests.stack import Stack
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("empty_clinic")


@pytest.fixture(autouse=True)
def switched_on(stack: Stack) -> Iterator[None]:
    """After each test the switch is on again."""
    yield
    assert stack.manage("vendor", "start").returncode == 0


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
    page.locator("[name=action][value=stop]").click()
    expect(page.locator("body")).to_contain_text("Say why")
    assert stack.ask("Switch.objects.get().desired") == "auto"
