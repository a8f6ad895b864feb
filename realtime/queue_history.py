"""The last hour of each job queue, minute by minute: how long its jobs had to wait, and how many ended.

The scheduler looks every few seconds and keeps, in Redis, one small value a queue and minute. What is not kept is
missing, not zero: Redis was lost then, or no scheduler ran. Several may run: each writes the same.
"""

from __future__ import annotations

import time
from typing import Any, NamedTuple

from realtime import job_queues, redis_link
from realtime.job_queues import NAMES, Ended, Standing

PREFIX = "evenkeel:minutes:"
MINUTE, MINUTES = 60, 60
KEEP_SECONDS = 2 * MINUTES * MINUTE


class Minute(NamedTuple):
    """`waited`: the longest wait of a job that somebody saw, in seconds. `depth`: the most jobs that waited.

    `left`: how many still waited at the last look.
    """

    waited: int
    depth: int
    left: int
    finished: int
    failed: int


def keep() -> None:
    """Looks now, and writes down this minute so far, and what ended late in the last. Raises redis.RedisError."""
    now = time.time()
    this = int(now // MINUTE)
    standing = job_queues.standing()
    ended = {at: job_queues.ended(at * MINUTE, (at + 1) * MINUTE) for at in (this - 1, this)}
    known = {name: _read(name, this - 1, this) for name in NAMES}
    with redis_link.client().pipeline(transaction=False) as pipe:
        for name in NAMES:
            last, current = known[name]
            # The last minute is only brought up to date: nobody looked then if it is not there.
            if last:
                pipe.hset(PREFIX + name, str(this - 1), _text(last._replace(**ended[this - 1][name]._asdict())))
            pipe.hset(PREFIX + name, str(this), _text(_with(current, standing[name], ended[this][name])))
            pipe.hdel(PREFIX + name, *(str(this - MINUTES - n) for n in range(1, 6)))
            pipe.expire(PREFIX + name, KEEP_SECONDS)
        pipe.execute()


def last_hour() -> dict[str, list[Minute | None]]:
    """Sixty minutes by queue, the oldest first, this one last; None for one that is missing.

    Raises redis.RedisError.
    """
    this = int(time.time() // MINUTE)
    with redis_link.client().pipeline(transaction=False) as pipe:
        for name in NAMES:
            pipe.hgetall(PREFIX + name)
        found = pipe.execute()
    wanted = [str(this - MINUTES + 1 + n).encode() for n in range(MINUTES)]
    return {name: [_minute(kept.get(at)) for at in wanted] for name, kept in zip(NAMES, found, strict=True)}


def _read(name: str, *minutes: int) -> list[Minute | None]:
    found: Any = redis_link.client().hmget(PREFIX + name, [str(at) for at in minutes])
    return [_minute(text) for text in found]


def _with(known: Minute | None, seen: Standing, ended: Ended) -> Minute:
    waited, depth = (known.waited, known.depth) if known else (0, 0)
    return Minute(max(waited, int(seen.oldest_seconds or 0)), max(depth, seen.depth), seen.depth, *ended)


def _text(minute: Minute) -> str:
    return " ".join(map(str, minute))


def _minute(text: bytes | None) -> Minute | None:
    return Minute(*map(int, text.split())) if text else None
