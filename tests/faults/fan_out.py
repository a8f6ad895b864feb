"""What the fan-out jobs of a running stack did, by their own records and counters in Redis."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from rq import Queue
from rq.serializers import JSONSerializer

from realtime import breaker, dirty
from realtime.jobs import COUNTS
from tests.stack import Stack
from tests.waiting import until


@dataclass(frozen=True)
class Done:
    """A job that sent something: its record, as `realtime.jobs.fan_out` gives it, and how long it took in all."""

    record: dict[str, list[str]]
    seconds: float


class FanOut:
    """Looks at one stack from outside."""

    def __init__(self, stack: Stack) -> None:
        self.redis: Any = stack.redis()
        self._queue = Queue("notices", connection=self.redis, serializer=JSONSerializer)

    def counts(self) -> Counter[str]:
        """Notices so far by path: "ably", "channels", "nobody"."""
        found: Counter[str] = Counter()
        for key, number in self.redis.hgetall(COUNTS).items():
            found[key.decode().partition(":")[0]] += int(number)
        return found

    def names(self) -> set[str]:
        """Of the jobs that have ended."""
        return set(self._queue.finished_job_registry.get_job_ids(cleanup=False))

    def done_since(self, before: set[str]) -> list[Done]:
        """The jobs that have ended beside those of `before`, but for those that found nothing to send."""
        jobs: list[Any] = [self._queue.fetch_job(name) for name in self.names() - before]
        done = [Done(job.return_value(), (job.ended_at - job.started_at).total_seconds()) for job in jobs if job]
        return [one for one in done if any(one.record.values())]

    @contextmanager
    def held(self, *topics: str) -> Iterator[None]:
        """In this block no job sends anything; then the sweep's sends these topics and what changed meanwhile."""
        fan_out = dirty.Dirty(self.redis)
        fence = fan_out.take_lease()
        assert fence
        fan_out.mark(*topics)
        yield
        fan_out.release(fence)

    def forget(self) -> None:
        """The breaker knows nothing of what the vendor did so far."""
        self.redis.delete(breaker.STATE, breaker.OUTCOMES)

    def settle(self, seconds: float) -> None:
        """Waits until every change is sent and no job runs."""
        until(self._is_idle, seconds, "the fan-out did not come to rest")

    def _is_idle(self) -> bool:
        busy = self.redis.exists(dirty.DIRTY, dirty.CLAIM, dirty.LEASE, dirty.JOB_QUEUE)
        return not busy and not self._queue.started_job_registry.count
