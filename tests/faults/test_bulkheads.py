"""A fan-out that hangs, again and again, on the vendor: no job of another kind waits for it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer

from realtime import breaker
from realtime.dirty import LEASE, Dirty
from realtime.transports.ably import SECONDS
from tests.faults.scene import STREAMS, Scene
from tests.waiting import until

OTHERS = ["integrations", "default", "low"]
EACH = 60
# Jobs that hang for a second each, in the six seconds of the test.
STUCK = 4
# Seconds: far more than a job's start takes on a busy machine, far less than a call that hangs.
AT_ONCE = SECONDS / 2


@contextmanager
def always_changing(scene: Scene) -> Iterator[None]:
    """A topic changes whenever no fan-out is in flight, and no breaker learns of it: each job hangs."""
    redis = scene.fan_out.redis
    dirty, notices, over = Dirty(redis), queue("notices", redis), threading.Event()
    topic = scene.screens.monitor.locator("[data-topic]").get_attribute("data-topic")
    assert topic

    def change() -> None:
        while not over.wait(0.02):
            redis.delete(breaker.STATE, breaker.OUTCOMES)
            if not redis.exists(LEASE) and dirty.mark(topic):
                dirty.use_claim(lambda pipe: notices.enqueue("realtime.jobs.fan_out", pipeline=pipe))

    changing = threading.Thread(target=change)
    changing.start()
    try:
        until(lambda: redis.exists(LEASE), 5)
        yield
    finally:
        over.set()
        changing.join()


def queue(name: str, redis: Any) -> Queue:
    return Queue(name, connection=redis, serializer=JSONSerializer)


def delay(job: Job) -> float:
    """Seconds from its being enqueued to its start."""
    job.refresh()
    assert job.enqueued_at and job.started_at
    return (job.started_at - job.enqueued_at).total_seconds()


@pytest.mark.parametrize("fault", [pytest.param("silent", id="silent, fan-out always stuck")])
def test_stuck_fan_out_delays_no_other_kind_of_work(scene: Scene, fault: str) -> None:
    redis, pause = scene.fan_out.redis, threading.Event()
    scene.stack.fault(fault)
    asked, jobs = len(scene.stack.seen()["connections"]), []
    with always_changing(scene):
        for _round in range(EACH):
            jobs += [queue(name, redis).enqueue("time.time") for name in OTHERS]
            pause.wait(0.1)
        until(lambda: all(job.is_finished for job in jobs), 10)
        assert len(scene.stack.seen()["connections"]) >= asked + STUCK, "too few fan-outs were stuck"
    worst = {name: max(delay(job) for job in jobs if job.origin == name) for name in OTHERS}
    assert max(worst.values()) < AT_ONCE, worst
    scene.stack.fault("ok")
    scene.fan_out.forget()
    scene.recover(scene.check_in_until_ably)
    scene.screens.wait_for_streams(STREAMS)
