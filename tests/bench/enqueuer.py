"""Enqueues one job after another while less urgent ones wait, and hears when each has begun."""

from __future__ import annotations

import time

import redis
from django.conf import settings

from realtime import job_queues
from tests.bench import work

LOW_MS, LONGEST = 100, 10


class Enqueuer:
    """By our own way of enqueuing, into the Redis database of this process's settings."""

    def __init__(self) -> None:
        self._redis = redis.Redis(**{**settings.REDIS_KWARGS, "socket_timeout": LONGEST + 5})

    def fill(self, many: int) -> None:
        """So many low jobs wait."""
        for _n in range(many - job_queues.get("low").count):
            job_queues.enqueue("low", work.low, LOW_MS)

    def run(self, many: int) -> list[float]:
        """Seconds from just before each job was enqueued until its first line ran."""
        return [self._one(number) for number in range(many)]

    def _one(self, number: int) -> float:
        at = time.monotonic()
        job_queues.enqueue("notices", work.begin, number)
        found = self._redis.blpop([work.BEGUN], timeout=LONGEST)
        assert found, "no worker began the job"
        name, _, began = found[1].decode().partition(" ")
        assert int(name) == number, "another job has begun"
        return float(began) - at

    def waiting(self) -> int:
        """Low jobs that wait now."""
        return int(job_queues.get("low").count)
