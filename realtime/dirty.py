"""Which topics changed since the last fan-out, and who may fan out: one job waiting, one in flight, anywhere.

All state is in Redis, by Redis's clock, and all of it may be lost: a notice is a doorbell. Keys:
`dirty` a set of topic names; `claim` the right to enqueue the one waiting job; `lease` the fencing number of
the one job in flight; `fence` the last number given, never less than the time in microseconds, so that it grows
over a flush too; `last` when the vendor was last asked, in milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable

import redis
from redis.client import Pipeline

PREFIX = "evenkeel:fan_out:"
DIRTY, CLAIM, LEASE, FENCE, LAST = (PREFIX + name for name in ("dirty", "claim", "lease", "fence", "last"))
JOB_QUEUE = "rq:queue:notices"

CLAIM_MS = 2_000
LEASE_MS = 5_000
PACE_MS = 100

_MARK = """
redis.call('SADD', KEYS[1], unpack(ARGV, 2))
if redis.call('EXISTS', KEYS[3]) == 1 or redis.call('LLEN', KEYS[4]) > 0 then return 0 end
if redis.call('SET', KEYS[2], '1', 'NX', 'PX', ARGV[1]) then return 1 end
return 0
"""
_WANTED = """
if redis.call('SCARD', KEYS[1]) == 0 then return 0 end
if redis.call('EXISTS', KEYS[3]) == 1 or redis.call('LLEN', KEYS[4]) > 0 then return 0 end
if redis.call('SET', KEYS[2], '1', 'NX', 'PX', ARGV[1]) then return 1 end
return 0
"""
_TAKE = """
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
local time = redis.call('TIME')
local last = tonumber(redis.call('GET', KEYS[2]) or '0')
local number = string.format('%.0f', math.max(last + 1, time[1] * 1000000 + time[2]))
redis.call('SET', KEYS[2], number)
redis.call('SET', KEYS[1], number, 'PX', ARGV[1])
return number
"""
_DRAIN = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return {} end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return redis.call('SPOP', KEYS[2], ARGV[3])
"""
_RELEASE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
"""
_TURN = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local last = tonumber(redis.call('GET', KEYS[1]) or '0')
local wait = math.max(0, math.min(last + ARGV[1] - now, tonumber(ARGV[1])))
redis.call('SET', KEYS[1], now + wait, 'PX', 60000)
return wait
"""


class Dirty:
    """The dirty set and the lease over one Redis client. Every method raises redis.RedisError when it is away."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client
        script = client.register_script
        self._mark, self._wanted, self._take = script(_MARK), script(_WANTED), script(_TAKE)
        self._drain, self._release, self._turn = script(_DRAIN), script(_RELEASE), script(_TURN)

    def mark(self, *topics: str) -> bool:
        """Adds topics. True for the one caller who now has to enqueue the fan-out job, by `use_claim`."""
        return bool(self._mark(keys=[DIRTY, CLAIM, LEASE, JOB_QUEUE], args=[CLAIM_MS, *topics]))

    def wants_job(self) -> bool:
        """For the sweep: True when topics wait and nobody is about to send them; then as with `mark`."""
        return bool(self._wanted(keys=[DIRTY, CLAIM, LEASE, JOB_QUEUE], args=[CLAIM_MS]))

    def use_claim(self, push: Callable[[Pipeline], object]) -> bool:
        """Enqueues by `push` and gives the claim back, in one step; nothing when it has lapsed or was used."""
        with self._client.pipeline() as pipe:
            try:
                pipe.watch(CLAIM)  # type: ignore[no-untyped-call]
                if not pipe.exists(CLAIM):
                    return False
                pipe.multi()
                push(pipe)
                pipe.delete(CLAIM)
                pipe.execute()
            except redis.WatchError:
                return False
        return True

    def take_lease(self) -> int:
        """A fencing number, or 0 when another job is in flight (it will see all that is dirty now)."""
        return int(self._take(keys=[LEASE, FENCE], args=[LEASE_MS]))

    def drain(self, fence: int, most: int) -> list[str]:
        """Takes up to `most` topics out and renews the lease; nothing once the lease is another's."""
        names = self._drain(keys=[LEASE, DIRTY], args=[fence, LEASE_MS, most])
        return [name.decode() if isinstance(name, bytes) else name for name in names]

    def release(self, fence: int) -> None:
        """Gives the lease back, if it is still ours."""
        self._release(keys=[LEASE], args=[fence])

    def is_empty(self) -> bool:
        return not self._client.scard(DIRTY)

    def turn(self) -> float:
        """Seconds to wait before the next request to the vendor: at most one a PACE_MS, over all processes."""
        return int(self._turn(keys=[LAST], args=[PACE_MS])) / 1000
