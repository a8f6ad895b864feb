"""How often one address or one device may try something: counted for all processes at once, in Redis.

While Redis is away each process counts for itself: a limit may then be reached once in each, but is never gone.
Keys are keyed digests of what is counted, so that Redis holds neither an address nor a name.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

import redis
from django.utils.crypto import salted_hmac

from realtime import redis_link

logger = logging.getLogger(__name__)

PREFIX = "evenkeel:limit:"
# Seconds that Redis is left alone after a miss, so that not each request waits for it.
PAUSE = 1.0
MOST_KEPT = 10_000

# A window that slides: the times of those that counted, by Redis's clock. ARGV: most, milliseconds, one's own name
# or "" to look only.
_COUNT = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[1]) then return 0 end
if ARGV[3] ~= '' then
  redis.call('ZADD', KEYS[1], now, ARGV[3])
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return 1
"""


@dataclass(frozen=True)
class Limit:
    """`most` in any `seconds`."""

    name: str
    most: int
    seconds: int


# Failed log-ins from one network. Not few: a whole clinic may be behind one.
LOG_IN = Limit("log-in", 30, 60)
# Under one name, from anywhere but browsers in which its owner has logged in before.
LOG_IN_NAME = Limit("log-in name", 50, 3600)
# Patients who say that they are booked and are not found, at one kiosk.
SEARCH = Limit("search", 5, 600)

_lock = Lock()
_own: OrderedDict[str, list[float]] = OrderedDict()
_alone_until = 0.0


def take(limit: Limit, who: object) -> bool:
    """Counts one more, unless there is no more: then False. Never raises, and waits 0.25 s for Redis at most."""
    return _ask(limit, who, secrets.token_hex(8))


def is_spent(limit: Limit, who: object) -> bool:
    """Whether there is no more now; counts nothing."""
    return not _ask(limit, who, "")


def _ask(limit: Limit, who: object, token: str) -> bool:
    global _alone_until
    key = PREFIX + salted_hmac("clinic.limits", f"{limit.name} {who}", algorithm="sha256").hexdigest()[:32]
    here = _ask_here(limit, key, counts=bool(token))
    if time.monotonic() < _alone_until:
        return here
    try:
        has_more = bool(redis_link.client().eval(_COUNT, 1, key, limit.most, limit.seconds * 1000, token))
        _alone_until = 0.0
    except (redis.RedisError, OSError) as error:
        if not _alone_until:
            logger.warning("limits are counted by each process for now: %s", type(error).__name__)
        _alone_until = time.monotonic() + PAUSE
        return here
    return has_more


def _ask_here(limit: Limit, key: str, *, counts: bool) -> bool:
    """The same in this process's memory, which forgets the keys that were not asked for longest."""
    now = time.monotonic()
    with _lock:
        times = [at for at in _own.pop(key, []) if at > now - limit.seconds]
        has_more = len(times) < limit.most
        if has_more and counts:
            times.append(now)
        _own[key] = times
        if len(_own) > MOST_KEPT:
            _own.popitem(last=False)
    return has_more


def forget() -> None:
    """All that this process has counted; for tests."""
    global _alone_until
    _own.clear()
    _alone_until = 0.0
