"""A thousand changes at once, with workers and without: few requests, one waiting job, each topic's newest."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connections
from django.db.models import F

from realtime import job_queues, jobs
from realtime.dirty import CLAIM, DIRTY, LEASE
from realtime.models import Topic
from tests.realtime.standin_rig import Rig

CLINICS, CHANGES = 50, 1000
MOST_REQUESTS = 20


@pytest.fixture
def names(transactional_db: None) -> list[str]:
    return [row.name for row in Topic.objects.bulk_create(Topic() for _clinic in range(CLINICS))]


def change(names: list[str], number: int) -> None:
    """A commit and what follows it: the version in the database first, then the mark."""
    name = names[(number * 7) % CLINICS]
    Topic.objects.filter(name=name).update(version=F("version") + 1)
    jobs.announce_dirty(name)


def published(vendor: Rig, since: int) -> dict[str, int]:
    """The last version that the vendor was told of each topic; no older one came after a newer."""
    last: dict[str, int] = {}
    for request in vendor.seen()["requests"][since:]:
        for item in json.loads(request["body"]):
            name, version = item["channels"][0].removeprefix("evenkeel:"), int(item["messages"][0]["data"])
            assert version >= last.get(name, 0), "an older version after a newer one"
            last[name] = version
    return last


@contextmanager
def working(longest: list[int]) -> Iterator[None]:
    """A worker, and somebody who looks at the job queue all the time."""
    queue, over = job_queues.get("notices"), threading.Event()

    def work() -> None:
        while not over.is_set() or queue.count:
            longest.append(queue.count)
            if queue.connection.lpop(queue.key):
                jobs.fan_out()
        connections.close_all()

    worker = threading.Thread(target=work)
    worker.start()
    try:
        yield
    finally:
        over.set()
        worker.join(30)


def test_thousand_changes_in_a_second_make_few_requests_and_never_two_waiting_jobs(
    vendor: Rig, live_redis: Any, names: list[str]
) -> None:
    before, longest = len(vendor.seen()["requests"]), [0]
    with working(longest):
        began = time.monotonic()
        for number in range(CHANGES):
            change(names, number)
        seconds = time.monotonic() - began
    requests = len(vendor.seen()["requests"]) - before
    # Twenty for a second's changes; a machine that takes longer for them has that much more time for requests.
    assert 0 < requests <= MOST_REQUESTS * max(1.0, seconds)
    assert max(longest) <= 1
    assert published(vendor, before) == dict(Topic.objects.values_list("name", "version"))
    assert live_redis.scard(DIRTY) == 0


def test_workers_that_are_dead_for_a_minute_find_one_job(vendor: Rig, live_redis: Any, names: list[str]) -> None:
    queue, before = job_queues.get("notices"), len(vendor.seen()["requests"])
    for second in range(60):
        # Claims and leases lapse in each second of these, which is the worst for the rule.
        live_redis.delete(CLAIM, LEASE)
        for number in range(10):
            change(names, second * 10 + number)
        jobs.sweep()
        assert queue.count == 1
    live_redis.delete(queue.key)
    jobs.fan_out()
    assert published(vendor, before) == dict(Topic.objects.values_list("name", "version"))
    assert len(vendor.seen()["requests"]) == before + 1


def test_job_that_died_with_its_worker_is_followed_by_one_other(
    vendor: Rig, live_redis: Any, names: list[str]
) -> None:
    queue = job_queues.get("notices")
    for number in range(CLINICS):
        change(names, number)
    live_redis.lpop(queue.key)
    for number in range(CLINICS):
        change(names, number)
        jobs.sweep()
        assert queue.count <= 1
    assert queue.count == 1
