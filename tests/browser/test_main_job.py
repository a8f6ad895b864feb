"""A patient checks in, the room sees it at once, the desk calls: whatever the vendor does."""

from __future__ import annotations

import statistics
from typing import Any

import pytest
from playwright.sync_api import BrowserContext
from rq import Queue
from rq.serializers import JSONSerializer

from tests.browser.kiosk_http import last_post_milliseconds
from tests.browser.people import (
    Patient,
    check_in,
    finish,
    go_to_last_page,
    log_in,
    open_monitor,
    press,
    wait_for_row,
)
from tests.stack import Stack
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("empty_clinic")

FAULTS = ["ok", "refuse", "silent", "drip"]


@pytest.mark.parametrize("fault", FAULTS)
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


def test_kiosk_post_takes_no_longer_when_the_vendor_is_ill(stack: Stack) -> None:
    times: dict[str, list[float]] = {fault: [] for fault in FAULTS}
    for _round in range(7):
        for fault in FAULTS:
            stack.fault(fault)
            times[fault].append(last_post_milliseconds(stack))
    medians = {fault: statistics.median(taken) for fault, taken in times.items()}
    # A wait for the vendor would show as a second; the bound leaves room for a noisy machine.
    assert all(taken <= max(medians["ok"] * 1.5, medians["ok"] + 25) for taken in medians.values()), medians


@pytest.mark.parametrize("fault", FAULTS)
def test_fan_out_record_says_who_took_each_notice(stack: Stack, context: BrowserContext, fault: str) -> None:
    stack.fault(fault)
    before = _counts(stack)
    kiosk = context.new_page()
    check_in(kiosk, stack)
    path = "ably" if fault == "ok" else "channels"
    grown = until(lambda: [one for one, n in _counts(stack).items() if n > before.get(one, 0)], 5)
    record = until(lambda: _last_record(stack, path), 5)
    assert grown == [f"{path}:{topic}" for topic in record[path]]
    assert bool(record["problems"]) == (fault != "ok")


def _counts(stack: Stack) -> dict[str, int]:
    found: Any = stack.redis().hgetall("evenkeel:notices")
    return {key.decode(): int(value) for key, value in found.items()}


def _last_record(stack: Stack, path: str) -> dict[str, Any] | None:
    """The newest fan-out job's own record, as RQ keeps it, that names a topic on this path."""
    queue = Queue("notices", connection=stack.redis(), serializer=JSONSerializer)
    for name in reversed(queue.finished_job_registry.get_job_ids()):
        job = queue.fetch_job(name)
        record: dict[str, Any] | None = job.return_value() if job else None
        if record and record[path]:
            return record
    return None
