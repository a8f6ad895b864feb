"""An outage that lasts: the vendor is asked no more, pages let go, and the next notice brings it back."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from realtime import breaker
from realtime.breaker import Breaker
from realtime.standin import Mode
from tests.browser.people import log_in
from tests.faults.scene import SETTLED, STREAMS, Scene
from tests.faults.screens import wait_for_live
from tests.realtime.breaker_rig import hurry

# Seconds of a job that has no vendor to wait for: what RQ itself takes on a busy machine.
QUICK = 0.5


@pytest.mark.parametrize("fault", [pytest.param(Mode.SILENT, id="silent, for long")])
def test_vendor_that_stays_ill_costs_nothing_and_comes_back_by_itself(
    scene: Scene, browser: Browser, fault: Mode
) -> None:
    guard, screens, stack = Breaker(scene.fan_out.redis), scene.screens, scene.stack
    stack.fault(fault)
    for _patient in range(breaker.MINIMUM):
        scene.check_in_alone()
        scene.fan_out.settle(SETTLED)
    assert guard.peek().state == "open"
    wait_for_live(screens.monitor, "own", SETTLED)
    wait_for_live(screens.bare, "poll", SETTLED)
    context = browser.new_context()
    ops = log_in(context, stack, "ops", "/ops/")
    expect(ops.locator("[data-sentence]")).to_contain_text("Vendor ill since")

    jobs, connections = scene.fan_out.names(), len(stack.seen()["connections"])
    for _patient in range(2):
        scene.check_in_and_call()
    scene.fan_out.settle(SETTLED)
    assert max(job.seconds for job in scene.fan_out.done_since(jobs)) < QUICK
    assert len(stack.seen()["connections"]) == connections, "the vendor was asked while the breaker was open"

    stack.fault("ok")
    hurry(guard)
    scene.check_in_by_ably()
    screens.wait_for_streams(STREAMS)
    ops.reload()
    expect(ops.locator("[data-sentence]")).to_have_text("All good")
    context.close()
