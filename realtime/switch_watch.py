"""A worker's eye on the operator's switch: ends what the switch forbids at once, and tells that it has.

The worker itself reads the switch before each request. This is for a request that is under way when somebody stops
the vendor, and for those who wait to see that all processes obey.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import redis
from django.conf import settings
from django.db import Error as AnyDatabaseError
from django.db import connection

from realtime import connections, obedience, switch
from realtime.models import Switch

logger = logging.getLogger(__name__)

SECOND = 1.0
# Between two looks while a connection is open that an older row of the switch allowed.
SOON = 0.05


def of_worker(pool: str, job_queues: Sequence[str]) -> AbstractContextManager[None]:
    """The watch of a worker that may fan out; others hold no vendor connection."""
    return watching(f"worker of {pool}") if "notices" in job_queues else nullcontext()


@contextmanager
def watching(kind: str) -> Iterator[None]:
    """Watches as long as the block runs. `kind`: of this process, in words."""
    watch = SwitchWatch(kind)
    watch.start()
    try:
        yield
    finally:
        watch.stop()


class SwitchWatch(threading.Thread):
    """Looks once a second, and at once on a hint through Redis. Lives without Redis and without the database."""

    def __init__(self, kind: str) -> None:
        super().__init__(name="switch-watch", daemon=True)
        self.kind = kind
        self.version = obedience.UNSEEN
        self._ended = threading.Event()
        self._hints: Any = None

    def stop(self) -> None:
        """Takes this process's word back, and ends soon."""
        self._ended.set()
        obedience.leave(self.kind)

    def run(self) -> None:
        while not self._ended.is_set():
            try:
                self._look()
                self._tell()
                self._wait_for_hint()
            except Exception:
                logger.exception("the watch on the switch failed")
                self._ended.wait(SECOND)
        # Once more, for a word that was on its way.
        obedience.leave(self.kind)
        connection.close()

    def _look(self) -> None:
        try:
            # Not by switch.read(), which keeps what the job itself decided on.
            row = Switch.objects.get(pk=1)
        except (AnyDatabaseError, Switch.DoesNotExist) as error:
            logger.warning("watch cannot read the switch: %s", type(error).__name__)
            connection.close()
            return
        if switch.refusal(row):
            connections.forbid()
        self.version = row.version

    def _tell(self) -> None:
        try:
            obedience.tell(self.kind, self.version)
        except redis.RedisError as error:
            logger.info("word on the switch not told: %s", type(error).__name__)

    def _wait_for_hint(self) -> None:
        under = connections.oldest()
        seconds = SECOND if under is None or under >= self.version else SOON
        try:
            if self._hints is None:
                self._hints = redis.Redis(**settings.REDIS_KWARGS).pubsub()  # type: ignore[no-untyped-call]
                self._hints.subscribe(switch.HINT)
            self._hints.get_message(timeout=seconds)
        except redis.RedisError:
            self._hints = None
            self._ended.wait(seconds)
