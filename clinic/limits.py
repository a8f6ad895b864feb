"""How often one address or one device may try something: counted for all processes at once, in Redis.

No request waits for it: each process decides by what it has counted and heard so far, and `redis_link.thread`
asks Redis afterwards. So a limit may be passed by the tries that are on their way meanwhile: one a process where
they come one by one, a party's where that comes whole. While Redis is away each process counts for itself: a limit
may then be reached once in each, but is never gone. Keys are keyed digests of what is counted, so that Redis holds
neither an address nor a name.
"""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from django.utils.crypto import salted_hmac

from realtime import redis_link

PREFIX = "evenkeel:limit:"
MOST_KEPT = 10_000

# A window that slides: the times of those that counted, by Redis's clock. ARGV: most, milliseconds, one's own name
# or "" to look only. Gives how many are left, and the milliseconds for which there are no more than that.
_COUNT = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
local left = tonumber(ARGV[1]) - redis.call('ZCARD', KEYS[1])
if left > 0 and ARGV[3] ~= '' then
  redis.call('ZADD', KEYS[1], now, ARGV[3])
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  left = left - 1
end
local oldest = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2] or now
return {left, oldest + ARGV[2] - now}
"""


@dataclass(frozen=True)
class Limit:
    """`most` in any `seconds`."""

    name: str
    most: int
    seconds: int


@dataclass
class _Known:
    """Of one who tries: when they did so here, and how many Redis said are left, which holds for a while."""

    times: list[float] = field(default_factory=list)
    said: int = 0
    said_until: float = 0.0

    def left(self, limit: Limit, now: float) -> int:
        self.times = [at for at in self.times if at > now - limit.seconds]
        left = limit.most - len(self.times)
        return max(0, min(left, self.said) if now < self.said_until else left)


# Failed log-ins from one network. Not few: a whole clinic may be behind one.
LOG_IN = Limit("log-in", 30, 60)
# Under one name, from anywhere but browsers in which its owner has logged in before.
LOG_IN_NAME = Limit("log-in name", 50, 3600)
# What one network or one known browser adds to that: as many as django-axes lets it try.
LOG_IN_SHARE = Limit("log-in share", 5, 900)
# Patients at one kiosk who say that they are booked and are not found, or who are here already.
SEARCH = Limit("search", 5, 600)
# What is asked for without a log-in, from one network, and is not there.
MISS = Limit("miss", 300, 60)

_lock = Lock()
_known: OrderedDict[str, _Known] = OrderedDict()


def take(limit: Limit, who: object) -> bool:
    """Counts one more, unless there is no more: then False. Never waits, never raises."""
    return _ask(limit, who, secrets.token_hex(8)) > 0


def is_spent(limit: Limit, who: object) -> bool:
    """Whether there is no more now; counts nothing."""
    return left(limit, who) == 0


def left(limit: Limit, who: object) -> int:
    """How many more there are now; counts nothing."""
    return _ask(limit, who, "")


def _ask(limit: Limit, who: object, token: str) -> int:
    """How many there are before this one."""
    key = PREFIX + salted_hmac("clinic.limits", f"{limit.name} {who}", algorithm="sha256").hexdigest()[:32]
    now = time.monotonic()
    with _of(key) as known:
        found = known.left(limit, now)
        if found and token:
            known.times.append(now)
            known.said -= 1
    if found:
        redis_link.thread.soon(lambda: _hear(limit, key, token))
    return found


def _hear(limit: Limit, key: str, token: str) -> None:
    """Counts it in Redis, and keeps what all processes together have left. On Redis's thread."""
    said: Any = redis_link.client().eval(_COUNT, 1, key, limit.most, limit.seconds * 1000, token)
    with _of(key) as known:
        known.said, known.said_until = int(said[0]), time.monotonic() + said[1] / 1000


@contextmanager
def _of(key: str) -> Iterator[_Known]:
    """What this process knows, which forgets the keys that were not asked for longest."""
    with _lock:
        known = _known[key] = _known.pop(key) if key in _known else _Known()
        if len(_known) > MOST_KEPT:
            _known.popitem(last=False)
        yield known


def forget() -> None:
    """All that this process knows; for tests."""
    _known.clear()
