"""Work that is done by nobody, late or by somebody who hangs: as Redis would tell of it."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rq.job import Job

from realtime import heartbeats, job_queues, redis_link
from realtime.heartbeats import BEATS, PAGES, SCHEDULER, SERVED

ALL = [*job_queues.NAMES, SCHEDULER, PAGES]


def unserved(live_redis: Any, what: str, seconds: float) -> None:
    live_redis.hincrby(SERVED, what, -int(seconds * 1000))


def late(queue: str, minutes: int, jobs: int = 1) -> None:
    """So many jobs of this queue wait, all for so long."""
    for _number in range(jobs):
        job_queues.enqueue(queue, timezone.now)
    came = (timezone.now() - timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    for one in job_queues.get(queue).job_ids:
        redis_link.client().hset(Job.key_for(one), "enqueued_at", came)


def stuck(live_redis: Any, *queues: str) -> None:
    """The only worker of these queues beats, and has been at one job for more than an hour."""
    live_redis.delete(BEATS)
    since = time.monotonic() - 4000
    with pytest.MonkeyPatch.context() as patch, heartbeats.doing.at("mail"):
        patch.setattr(heartbeats.doing, "since", since)
        heartbeats.tell("worker of general", [*queues])
    heartbeats.tell("worker of others", [what for what in ALL if what not in queues])
