"""The designs before Evenkeel, wrong on purpose: a publish job a change, by the SDK as the vendor ships it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import redis
from django.conf import settings
from rq import Queue, Retry, Worker
from rq.serializers import JSONSerializer

from clinic.drill import calls
from clinic.drill.ways import WAYS, Way, fallback_hosts
from clinic.running.worker import redis_options
from realtime import dirty, job_queues, redis_link, tokens
from realtime.breaker import Breaker
from realtime.models import Topic
from realtime.transports import ably

LIVES = {"result_ttl": job_queues.RESULT_SECONDS, "failure_ttl": job_queues.FAILURE_SECONDS}


def announcer(design: str) -> Callable[[str], None]:
    """What follows a commit in this design, in the place of realtime.jobs.announce_dirty."""
    retries = WAYS[design].retries

    def announce(topic: str) -> None:
        retry = Retry(max=retries) if retries else None
        job_queues.get("notices").enqueue(publish, design, topic, retry=retry, **LIVES)

    return announce


def publish(design: str, topic: str) -> str:
    """The job: one notice, straight to the vendor. Raises whatever the SDK does, so that RQ tries again."""
    way = WAYS[design]
    version = Topic.objects.values_list("version", flat=True).get(name=topic)
    if way.has_breaker:
        return _publish_if_closed(way, topic, version)
    _publish(way, topic, version)
    return "published"


def client_of(way: Way) -> Any:
    """The SDK's client as this design makes it."""
    return ably.sdk(fallback_hosts=fallback_hosts(), **way.options)


def _publish(way: Way, topic: str, version: int) -> None:
    # The making of the client counts too, as it does for Evenkeel's own worker.
    with calls.noted(redis_link.client()):
        client = client_of(way)
        try:
            client.channels.get(tokens.channel(topic)).publish("changed", str(version))
        finally:
            client.close()


def _publish_if_closed(way: Way, topic: str, version: int) -> str:
    """Behind our breaker, but by four workers, each of which takes itself for the one that may ask."""
    verdict = _as_holder(lambda breaker, fence: breaker.ask(fence))
    if not verdict.may_call:
        return str(verdict.state)
    began, failed = time.monotonic(), True
    try:
        _publish(way, topic, version)
        failed = False
    finally:
        seconds = time.monotonic() - began
        _as_holder(lambda breaker, fence: breaker.record(fence, failed=failed, seconds=seconds))
    return "published"


def _as_holder(step: Callable[[Breaker, int], Any]) -> Any:
    client, fence = redis_link.client(), time.time_ns() // 1000
    with client.lock("drill:door", timeout=2.0, sleep=0.005):
        client.set(dirty.LEASE, fence, px=dirty.LEASE_MS)
        return step(Breaker(client), fence)


def work(names: list[str], connection: redis.Redis) -> None:
    """One worker as the incident's product had it: RQ's own, which forks for each job."""
    queues = [Queue(name, connection=connection, serializer=JSONSerializer) for name in names]
    worker = Worker(queues, connection=connection, serializer=JSONSerializer, log_job_description=False)
    worker.work(logging_level="WARNING")


def options() -> dict[str, Any]:
    """What a worker's Redis client is made with."""
    return {**settings.REDIS_KWARGS, **redis_options(), "socket_timeout": None}
