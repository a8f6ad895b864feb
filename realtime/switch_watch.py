"""A worker's eye on the operator's switch: ends what the switch forbids at once, and tells that it has.

The worker itself reads the switch before each request. This is for a request that is under way when somebody stops
the vendor, and for those who wait to see that all processes obey.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import redis
from django.conf import settings
from django.db import Error as AnyDatabaseError
from django.db import connection

from realtime import connections, heartbeats, obedience, switch
from realtime.models import Switch

logger = logging.getLogger(__name__)

SECOND = 1.0
# Between two looks while a connection is open that an older row of the switch allowed.
SOON = 0.05


def of_worker(pool: str, job_queues: Sequence[str]) -> AbstractContextManager[object]:
    """A worker's heart, with the watch of one that may fan out; others hold no vendor connection."""
    kind = f"worker of {pool}"
    return watching(kind, job_queues) if "notices" in job_queues else heartbeats.beating(kind, job_queues)


@contextmanager
def watching(kind: str, serves: Sequence[str]) -> Iterator[None]:
    """Beats and watches as long as the block runs; as `heartbeats.beating`."""
    watch = SwitchWatch()
    with heartbeats.beating(kind, serves, obeys=watch.obeys) as heart:
        watch.news = heart.soon
        watch.start()
        try:
            yield
        finally:
            watch.stop()


class SwitchWatch(threading.Thread):
    """Looks once a second, and at once on a hint through Redis. Lives without Redis and without the database.

    `news`: called after each look.
    """

    def __init__(self) -> None:
        super().__init__(name="switch-watch", daemon=True)
        self.news: Callable[[], None] = lambda: None
        self.version = obedience.UNSEEN
        self._ended = threading.Event()
        self._hints: Any = None

    def obeys(self) -> int:
        """The version of the switch that this process has taken in. From any thread."""
        return obedience.taken_in(self.version)

    def stop(self) -> None:
        """Ends soon."""
        self._ended.set()

    def run(self) -> None:
        while not self._ended.is_set():
            try:
                self._look()
                self.news()
                self._wait_for_hint()
            except Exception:
                logger.exception("the watch on the switch failed")
                self._ended.wait(SECOND)
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
