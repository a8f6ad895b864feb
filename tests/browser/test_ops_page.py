"""Sentences of truth, provoked for real and read in Chromium, and "All good" again once it is over.

Here: a vendor that is not well and then ill, Redis that stops, record systems that are down, a screen that was
unplugged, pools without a living worker, a scheduler that hangs. The database that is away is in
test_ops_database.py, the vendor that somebody turned off in test_ops_live.py. All others are told by their facts,
in tests/clinic/test_health*.py.

Read within 5 s of when the system can know it: of the vendor, when the first call has failed; of Redis, from its
last answer; of a record system, when every call has failed for a minute; of a screen, when it has not been heard
for 100 s; of a process, when six of its beats are missing.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from realtime.breaker import STATE, Breaker
from realtime.heartbeats import SCHEDULER, SERVED
from realtime.pulse import SILENT_SECONDS
from realtime.vendor_path import PROBLEM
from tests.browser.kiosk_http import timed_check_in
from tests.browser.ops_troubles import (
    PROBE_NOW,
    SILENT_FOR,
    UNHEARD_FOR,
    WITHIN,
    all_is_good,
    break_records,
    frozen,
    killed_whenever_they_come,
    later,
    paired_screen,
    processes,
    read,
)
from tests.browser.people import log_in
from tests.realtime.breaker_rig import hurry
from tests.stack import Stack
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("empty_clinic")
SCREEN = "By the stairs"


@pytest.fixture
def ops(stack: Stack, context: BrowserContext) -> Iterator[Page]:
    """The page in a healthy system, which it is again afterwards. It is never loaded again."""
    page = log_in(context, stack, "ops", "/ops/")
    all_is_good(page)
    page.evaluate("window.sameDocument = true")
    yield page
    all_is_good(page)
    assert page.evaluate("window.sameDocument")


def effect(page: Page) -> str:
    """What the sentence means for patients, and its runbook."""
    return page.locator(".truths .effect").inner_text()


def test_silent_vendor_is_not_well_and_then_ill(stack: Stack, ops: Page) -> None:
    stack.fault("silent")
    timed_check_in(stack)
    client = stack.redis()
    until(lambda: client.get(PROBLEM))
    assert read(ops, "Vendor not well (", time.monotonic()) < WITHIN
    until(lambda: client.hget(STATE, "state") == b"open" or not timed_check_in(stack), 30)
    assert read(ops, "Vendor ill since", time.monotonic()) < WITHIN
    assert "Patients notice nothing" in effect(ops) and "docs/ops/vendor.md" in effect(ops)
    expect(ops.locator("[data-gate=breaker]")).to_have_text("Gate: shut by breaker.")
    stack.fault("ok")
    hurry(Breaker(client))
    timed_check_in(stack)


def test_redis_that_stops_is_said_at_once(stack: Stack, ops: Page) -> None:
    with stack.redis_frozen():
        assert read(ops, "Redis does not answer: screens follow", time.monotonic()) < WITHIN
        assert "docs/ops/redis.md" in effect(ops)
        expect(ops.locator("[data-obeyed]")).to_contain_text("Redis is away")
        expect(ops.locator("[data-live], [data-age]")).to_have_attribute("data-age", "fresh")


def test_record_systems_that_are_down_are_named_with_what_waits(stack: Stack, ops: Page) -> None:
    break_records(stack, "refuse")
    try:
        timed_check_in(stack)
        until(lambda: stack.ask("Destination.objects.filter(failures__gt=0).count()") == 3, 30)
        later(stack, SILENT_FOR, minutes=14)
        assert read(ops, "Record system", time.monotonic()) < WITHIN
        expect(ops.locator("[data-sentence]")).to_contain_text("not taking messages for 14 min: ")
        expect(ops.locator("[data-sentence]")).to_contain_text("none lost")
        assert "docs/ops/emr.md" in effect(ops)
        expect(ops.locator("[data-destination]")).to_have_count(3)
    finally:
        break_records(stack, "ok")
    later(stack, PROBE_NOW, minutes=0)


def test_unplugged_screen_is_missed(stack: Stack, browser: Browser, ops: Page) -> None:
    with browser.new_context() as hall:
        hall.add_cookies([paired_screen(stack, SCREEN)])  # type: ignore[list-item]
        screen = hall.new_page()
        screen.goto(f"{stack.url}/monitor/")
        heard = f"DeviceReport.objects.filter(device__name={SCREEN!r}).exclude(build='').exists()"
        until(lambda: stack.ask(heard), 15)
        expect(ops.locator("[data-device]", has_text=SCREEN)).to_have_attribute("data-state", "well")
        all_is_good(ops)
        screen.close()
        later(stack, UNHEARD_FOR.format(name=SCREEN), minutes=6)
        said = f"Wait-room screen {SCREEN} at Harbor Walk-in Clinic not heard for 6 min"
        assert read(ops, said, time.monotonic()) < WITHIN
        assert "call them by voice" in effect(ops) and "docs/ops/screen.md" in effect(ops)
        again = hall.new_page()
        again.goto(f"{stack.url}/monitor/")
        all_is_good(ops)
    stack.shell.run(f"Device.objects.filter(name={SCREEN!r}).delete()")


@pytest.mark.parametrize("trouble", [frozen, killed_whenever_they_come])
@pytest.mark.parametrize(
    ("pool", "said"),
    [
        ("notices", "No worker serves notices since {}: screens run on our own path"),
        ("ill", "No worker serves ill since {}: messages to systems that are ill wait, none lost"),
    ],
)
def test_pool_without_a_living_worker_is_missed(
    stack: Stack, ops: Page, trouble: type, pool: str, said: str
) -> None:
    began = time.monotonic()
    with trouble(stack, f" worker {pool}"):
        known = began + SILENT_SECONDS
        start, end = said.split("{}")
        assert read(ops, start, known) < WITHIN
        expect(ops.locator("[data-sentence]")).to_contain_text(end)
        assert "docs/ops/workers.md" in effect(ops)
        expect(ops.locator(f"[data-process='worker of {pool}']")).to_contain_text("Silent for")
    until(lambda: processes(stack, f" worker {pool}"), 10)


def test_scheduler_that_hangs_is_missed(stack: Stack, ops: Page) -> None:
    with frozen(stack, " cron"):
        # As if the half minute that a task of it may take had passed.
        client = stack.redis()
        client.hincrby(SERVED, SCHEDULER, -31_000)
        assert read(ops, "The scheduler has not run since", time.monotonic()) < WITHIN
        expect(ops.locator("[data-sentence]")).to_contain_text("retries, closing time and alarms wait")
