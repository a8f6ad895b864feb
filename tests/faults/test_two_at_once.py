"""Two things at once: a fault of the vendor while Redis is away, and a batch of which the vendor takes a part."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from clinic.running import valkey
from realtime.standin import Mode
from tests.faults.scene import Scene, assert_kiosk_and_screens_right
from tests.faults.table import Row
from tests.stack import Stack
from tests.waiting import until

# Seconds: the sweep looks each 5 s for topics that nobody sends.
SWEPT = 15


@contextmanager
def redis_killed(stack: Stack) -> Iterator[None]:
    """It is started again by itself, at the same address, with nothing in it that was not on its disk."""
    os.kill(stack.valkey_pid(), signal.SIGKILL)
    yield
    until(lambda: valkey.answers(valkey.url(stack.home)))


@pytest.mark.parametrize(
    ("fault", "redis_away"),
    [
        pytest.param(Mode.SILENT, Stack.redis_frozen, id="silent, Redis frozen"),
        pytest.param(Mode.DEAF, Stack.redis_frozen, id="deaf, Redis frozen"),
        pytest.param(Mode.REFUSE, redis_killed, id="refuse, Redis killed"),
    ],
)
def test_fault_while_redis_is_away(
    scene: Scene, healthy: Row, fault: Mode, redis_away: Callable[[Stack], AbstractContextManager[None]]
) -> None:
    scene.stack.fault(fault)
    with redis_away(scene.stack):
        scene.check_in_alone()
        scene.check_in_and_call()
    scene.recover(scene.check_in_until_ably)
    assert_kiosk_and_screens_right(scene.row, healthy)


@pytest.mark.parametrize("fault", [pytest.param(Mode.PARTIAL, id="partial, two topics at once")])
def test_only_the_topics_that_the_vendor_confirmed_count_as_sent(scene: Scene, healthy: Row, fault: Mode) -> None:
    jobs, counts = scene.fan_out.names(), scene.fan_out.counts()
    ours = scene.screens.monitor.locator("[data-topic]").get_attribute("data-topic")
    another = scene.stack.ask("Topic.objects.create().name")
    scene.stack.fault(fault)
    with scene.fan_out.held(another):
        scene.check_in_alone()
    until(lambda: scene.fan_out.counts() != counts, SWEPT)
    scene.fan_out.settle(SWEPT)
    (job,) = scene.fan_out.done_since(jobs)
    scene.row.taken, scene.row.problem = dict(scene.fan_out.counts() - counts), "; ".join(job.record["problems"])
    scene.check_in_and_call()
    scene.recover(scene.check_in_by_ably)
    assert_kiosk_and_screens_right(scene.row, healthy)
    assert {*job.record["ably"], *job.record["channels"]} == {ours, another}
    assert scene.row.taken == {"ably": 1, "channels": 1}
