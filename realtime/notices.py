"""The public way to tell screens that something changed: lock, change, announce, commit.

    with transaction.atomic():
        topic = notices.lock(clinic.topic_id)   # before anything is read that the change depends on
        ...
        notices.announce(topic)                 # version raised now, screens told after the commit

Nothing here waits for Redis or for the vendor.
"""

from __future__ import annotations

from functools import partial

from django.db import connection, transaction

from realtime import bell, jobs, redis_link
from realtime.models import Topic


def lock(topic_id: int) -> Topic:
    """The topic's row, locked until this transaction ends: the write lock of whoever owns the topic."""
    return Topic.objects.select_for_update().get(pk=topic_id)


def announce(topic: Topic) -> int:
    """Raises the version of a topic that this transaction holds locked, and rings once it has committed.

    Returns the new version. A rollback takes all of it back.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("announce() belongs into the transaction that makes the change")
    topic.version += 1
    topic.save(update_fields=["version"])
    name, version = topic.name, topic.version
    # A lambda: Django's report of a robust callback that failed fails itself on a partial.
    transaction.on_commit(lambda: _ring(name, version), robust=True)
    return version


def end_rights(topic: Topic) -> None:
    """Beside `announce`, when somebody may listen no longer: once it has committed, hubs close those sockets.

    A hub that does not hear this finds the new version within a second, and then looks by itself.
    """
    name = topic.name
    transaction.on_commit(lambda: bell.ring({"type": "rights", "topics": [name]}), robust=True)


def _ring(name: str, version: int) -> None:
    bell.ring({"type": "notices", "notices": [[name, version]]})
    redis_link.thread.soon(partial(jobs.announce_dirty, name))
