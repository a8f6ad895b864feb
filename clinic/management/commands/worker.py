from __future__ import annotations

from typing import Any

import redis
from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from clinic import logs
from clinic.running import worker
from clinic.running.pools import POOLS
from realtime import switch_watch


class Command(BaseCommand):
    help = "Runs one worker process of one pool. `workers` starts them all and keeps them running."
    # One that takes another's place must serve within a second; the checks take a fifth of that.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("pool", choices=list(POOLS))

    def handle(self, *args: Any, pool: str, **options: Any) -> None:
        logs.take_what_nobody_caught()
        connection = redis.Redis(**{**settings.REDIS_KWARGS, **worker.redis_options()})
        with switch_watch.of_worker(pool, POOLS[pool]):
            worker.run(pool, connection)
