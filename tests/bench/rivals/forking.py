"""RQ's own worker, which forks for each job, with Django loaded before the fork; else as ours is."""

from __future__ import annotations

import sys

import django
import redis
from django.conf import settings
from rq import Queue, Worker
from rq.serializers import JSONSerializer

from clinic.running import worker


def main(*names: str) -> None:
    """`names`: the job queues it serves, most urgent first."""
    django.setup(set_prefix=False)
    client = redis.Redis(**{**settings.REDIS_KWARGS, **worker.redis_options()})
    queues = [Queue(name, connection=client, serializer=JSONSerializer) for name in names]
    Worker(queues, connection=client, serializer=JSONSerializer).work(logging_level="WARNING")


if __name__ == "__main__":
    main(*sys.argv[1:])
