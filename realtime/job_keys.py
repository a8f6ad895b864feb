"""Keys that RQ left in Redis: of jobs that ended, or that no job queue knows of any more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from rq.registry import (
    CanceledJobRegistry,
    DeferredJobRegistry,
    FailedJobRegistry,
    FinishedJobRegistry,
    ScheduledJobRegistry,
    StartedJobRegistry,
)

from realtime import job_queues, redis_link

PREFIX = "rq:job:"
ALIVE = (StartedJobRegistry, DeferredJobRegistry, ScheduledJobRegistry)
ENDED = (FinishedJobRegistry, FailedJobRegistry, CanceledJobRegistry)
KEPT = timedelta(seconds=job_queues.FAILURE_SECONDS)


def left_over() -> list[str]:
    """Ids of jobs that ended more than a week ago, and of those that nothing names. Raises redis.RedisError."""
    queues = [job_queues.get(name) for name in job_queues.NAMES]
    known = {one for queue in queues for one in queue.job_ids}
    known |= {one for queue in queues for kind in ALIVE for one in kind(queue=queue).get_job_ids(cleanup=False)}
    ended = {one for queue in queues for kind in ENDED for one in kind(queue=queue).get_job_ids(cleanup=False)}
    stored = {_id(key) for key in redis_link.client().scan_iter(f"{PREFIX}*", count=1000)}
    # One that is just being enqueued or begun is in no list for a moment.
    return sorted(one for one in (stored - known) | ended if _is_old(one, one in ended))


def drop(ids: list[str]) -> int:
    """Deletes these jobs, wherever they are named. Returns how many. Raises redis.RedisError."""
    queues = [job_queues.get(name) for name in job_queues.NAMES]
    client = redis_link.client()
    for one in ids:
        client.delete(f"{PREFIX}{one}", f"rq:results:{one}")
        for queue in queues:
            for kind in ENDED:
                client.zrem(kind(queue=queue).key, one)
    return len(ids)


def _is_old(one: str, has_ended: bool) -> bool:
    stored = redis_link.client().hmget(f"{PREFIX}{one}", "created_at", "ended_at")
    at = stored[1] or stored[0]
    if at is None:
        # Of an ended one only the name is left.
        return has_ended
    text = at.decode() if isinstance(at, bytes) else str(at)
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC) < datetime.now(UTC) - KEPT


def _id(key: bytes | str) -> str:
    text = key.decode() if isinstance(key, bytes) else key
    return text.removeprefix(PREFIX).split(":")[0]
