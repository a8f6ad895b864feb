"""The load of a drill: simulated patients, checked in through the services, and when each change was committed."""

from __future__ import annotations

import json
import signal
import time
from bisect import bisect_left
from pathlib import Path
from typing import Any

import redis
from django.conf import settings

from clinic.drill import old_ways
from clinic.drill.cast import SPEED, desks, plan
from clinic.drill.ways import WAYS
from clinic.models import Delivery
from clinic.running.signals import SignalPipe
from clinic.simulation import Run, Runner
from realtime import bell, jobs, redis_link

GO = "drill:go"
LONGEST_WAIT = 120.0


class Load:
    """Notes the moment of each commit, as this process's bell tells it."""

    def __init__(self) -> None:
        self.changes: list[tuple[str, int, float]] = []

    def hear(self, message: dict[str, Any]) -> None:
        now = time.time()
        self.changes += [(topic, version, now) for topic, version in message.get("notices", ())]

    def deliveries(self) -> dict[int, float]:
        """When each delivery was committed: with the first change after its event."""
        moments = [at for _topic, _version, at in self.changes]
        rows = Delivery.objects.values_list("pk", "created_at")
        places = {pk: bisect_left(moments, created.timestamp()) for pk, created in rows}
        return {pk: moments[place] for pk, place in places.items() if place < len(moments)}


def run(design: str, seconds: float, ready: Path, result: Path) -> None:
    """Makes `ready`, waits for the start, goes on for `seconds`; writes `result` when it is told to end.

    The result: `{"changes": [[topic, version, at]], "deliveries": {pk: at}, "starts": {pk: at}, "check_ins"}`;
    `at`: epoch seconds, of the commit and of the first try.
    """
    load, drama = Load(), Run(plan(seconds), desks())
    if design in WAYS:
        # In this process alone, what follows a commit is what followed it in that design.
        jobs.announce_dirty = old_ways.announcer(design)  # type: ignore[assignment]
    bell.connect(load.hear)
    ready.write_text("ready")
    with SignalPipe(signal.SIGTERM, signal.SIGINT) as pipe:
        _wait_for_the_start()
        Runner(drama, SPEED, wait=lambda left: bool(pipe.wait(left)), report=lambda line: None).run()
        redis_link.thread.stop()
        pipe.wait(None)
        found = {"changes": load.changes, "deliveries": load.deliveries(), "starts": first_tries()}
        result.write_text(json.dumps({**found, "check_ins": drama.tally.counts.check_ins}))


def first_tries() -> dict[int, float]:
    """When each delivery was first tried."""
    tried = Delivery.objects.exclude(first_tried_at=None).values_list("pk", "first_tried_at")
    return {pk: at.timestamp() for pk, at in tried if at}


def _wait_for_the_start() -> None:
    """On a busy machine Redis itself may be late: nobody is served meanwhile, so this may wait for it."""
    client = redis.Redis(**{**settings.REDIS_KWARGS, "socket_timeout": 2 * LONGEST_WAIT})
    client.blpop([GO], LONGEST_WAIT)
