"""The circuit breaker of the vendor's path: stops asking a vendor that fails or drags, and tries it by itself.

    state       who may call          and then
    closed      the lease's holder    open, once too many of the last calls failed or were slow
    open        nobody                half-open, at the first question after its time
    half-open   the lease's holder    closed after a good answer; open, for twice as long, after a bad one

The fan-out lease is the one probe: whoever does not hold it makes no call and changes nothing, so a late answer
under an old fencing number is no news, and a prober that died is followed by the next holder. A forced state is a
person's word: it wins until it lapses. All is in Redis, by Redis's clock, and may be lost: then the breaker is
closed and learns anew. Each change of state is one event and one count, written in the step that makes it.
"""

from __future__ import annotations

import json
import logging
import random
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import redis

from realtime import redis_link
from realtime.dirty import LEASE

logger = logging.getLogger(__name__)

PREFIX = "evenkeel:breaker:"
STATE, OUTCOMES, FORCED, EVENTS, CHANGES = (
    PREFIX + name for name in ("state", "outcomes", "forced", "events", "changes")
)
FORCES = ("auto", "open", "closed")
_KEYS = [STATE, OUTCOMES, FORCED, EVENTS, CHANGES, LEASE]

WINDOW, MINIMUM = 10, 5
FAILED_SHARE = SLOW_SHARE = 0.5
SLOW_SECONDS = 0.5
SHORTEST_MS, LONGEST_MS, JITTER = 10_000, 120_000, 0.2
# Nobody asks for an hour: what was learned before says nothing about now.
KEEP_MS = 3_600_000
FORCED_SECONDS = 4 * 3600
EVENTS_KEPT = 100

_LIMITS = f"""
local WINDOW, MINIMUM, FAILED_SHARE, SLOW_SHARE = {WINDOW}, {MINIMUM}, {FAILED_SHARE}, {SLOW_SHARE}
local SHORTEST, LONGEST, FARTHEST = {SHORTEST_MS}, {LONGEST_MS}, {LONGEST_MS * (1 + JITTER)}
local KEEP, EVENTS_KEPT = {KEEP_MS}, {EVENTS_KEPT}
"""
# Every script begins with these; times are in milliseconds.
_COMMON = (
    _LIMITS
    + """
local STATE, OUTCOMES, FORCED, EVENTS, CHANGES, LEASE = unpack(KEYS)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function get(name) return redis.call('HGET', STATE, name) end
local function state()
  local stored = get('state') or 'closed'
  if stored ~= 'open' then return stored end
  local left = get('until') - now
  -- A time further off than any that is given comes from a clock that was put back.
  if left > 0 and left <= FARTHEST then return 'open' end
  return 'half-open'
end
local function tell(before, after, why)
  redis.call('LPUSH', EVENTS, cjson.encode({at = now, before = before, after = after, why = why}))
  redis.call('LTRIM', EVENTS, 0, EVENTS_KEPT - 1)
  redis.call('HINCRBY', CHANGES, before .. ':' .. after, 1)
end
local function change(to, why)
  local from = get('state') or 'closed'
  if from == to then return end
  redis.call('HSET', STATE, 'state', to, 'why', why)
  if from == 'closed' then redis.call('HSET', STATE, 'since', now) end
  tell(from, to, why)
end
local function keep()
  redis.call('PEXPIRE', STATE, KEEP)
  redis.call('PEXPIRE', OUTCOMES, KEEP)
end
"""
)

# Answers [may it call, state, why, has the state changed].
_ASK = """
if redis.call('GET', LEASE) ~= ARGV[1] then return {0, state(), 'the lease is not ours', 0} end
local forced = redis.call('GET', FORCED)
if forced then return {forced == 'closed' and 1 or 0, state(), 'forced ' .. forced, 0} end
local is, stored = state(), get('state') or 'closed'
if is == 'half-open' then change('half-open', 'its time is over') end
return {is ~= 'open' and 1 or 0, is, get('why') or '', is ~= stored and 1 or 0}
"""
# ARGV: fence, failed, slow (each 0 or 1), and by what chance lengthens or shortens an open time.
_RECORD = """
local failed, slow = tonumber(ARGV[2]), tonumber(ARGV[3])
local is, stored = state(), get('state') or 'closed'
if redis.call('GET', LEASE) ~= ARGV[1] or redis.call('EXISTS', FORCED) == 1 or is == 'open' then return false end
local function open(why)
  local level = tonumber(get('level') or '0')
  local ms = math.min(SHORTEST * 2 ^ level, LONGEST) * ARGV[4]
  redis.call('HSET', STATE, 'until', string.format('%.0f', now + ms), 'level', level + 1)
  redis.call('DEL', OUTCOMES)
  change('open', why)
end
local function probed()
  if failed == 1 then return open('the probe failed') end
  if slow == 1 then return open('the probe was slow') end
  redis.call('HDEL', STATE, 'until', 'level', 'since')
  change('closed', 'the probe was answered')
end
local function counted()
  redis.call('LPUSH', OUTCOMES, failed + 2 * slow)
  redis.call('LTRIM', OUTCOMES, 0, WINDOW - 1)
  local last, fails, slows = redis.call('LRANGE', OUTCOMES, 0, -1), 0, 0
  for _, outcome in ipairs(last) do
    fails, slows = fails + outcome % 2, slows + math.floor(outcome / 2)
  end
  local function of(many, what) return string.format('%d of the last %d calls %s', many, #last, what) end
  if #last < MINIMUM then return end
  if fails >= FAILED_SHARE * #last then return open(of(fails, 'failed')) end
  if slows >= SLOW_SHARE * #last then return open(of(slows, 'were slow')) end
end
if is == 'half-open' then probed() else counted() end
keep()
if (get('state') or 'closed') == stored then return false end
return {get('state') or 'closed', get('why') or ''}
"""
_PEEK = """
return {state(), get('why') or '', get('since') or '0', get('until') or '0', redis.call('GET', FORCED) or 'auto'}
"""
# ARGV: to, for how many seconds, why.
_FORCE = """
local before = redis.call('GET', FORCED) or 'auto'
if ARGV[1] == 'auto' then redis.call('DEL', FORCED) else redis.call('SET', FORCED, ARGV[1], 'EX', ARGV[2]) end
local function said(word) return word == 'auto' and word or 'forced ' .. word end
if before ~= ARGV[1] then tell(said(before), said(ARGV[1]), ARGV[3]) end
"""


@dataclass(frozen=True)
class Verdict:
    """`may_call`: whether the asker may make one call now, and then must `record` it. `why`: in words."""

    may_call: bool
    state: str
    why: str


@dataclass(frozen=True)
class View:
    """How it stands, for people and pages.

    Epoch seconds: `since` when it is no longer closed, `until` when it stays open; 0 while neither is so.
    `forced`: to which state, or "auto".
    """

    state: str = "closed"
    why: str = ""
    since: float = 0.0
    until: float = 0.0
    forced: str = "auto"

    @property
    def lets_through(self) -> bool:
        """Whether calls are made as usual: a probe does not count."""
        return self.holds == "closed"

    @property
    def holds(self) -> str:
        """The state that counts: a person's word goes first."""
        return self.state if self.forced == "auto" else self.forced

    def in_words(self) -> str:
        """Why, for people; times are UTC."""
        if self.forced != "auto":
            return f"forced {self.forced} by a person"
        if self.state == "open":
            return f"{self.why}; it is tried again from {_clock(self.until)} UTC"
        return "the next notice tries it" if self.state == "half-open" else "calls are well"


@dataclass(frozen=True)
class Event:
    """One change, from a state to another, or to a forced one and back."""

    at: datetime
    before: str
    after: str
    why: str

    @classmethod
    def read(cls, text: bytes) -> Event:
        """From what the scripts write: `{"at": epoch ms, "before", "after", "why"}`."""
        event = json.loads(text)
        return cls(**{**event, "at": datetime.fromtimestamp(event["at"] / 1000, UTC)})


class Breaker:
    """The breaker over one Redis client. Every method raises redis.RedisError when it is away."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client
        script = client.register_script
        self._ask, self._record = script(_COMMON + _ASK), script(_COMMON + _RECORD)
        self._peek, self._force = script(_COMMON + _PEEK), script(_COMMON + _FORCE)

    def ask(self, fence: int) -> Verdict:
        """Whether the holder of this lease may make one call now."""
        may_call, state, why, changed = self._ask(keys=_KEYS, args=[fence])
        if changed:
            logger.warning("breaker half-open: %s", why.decode())
        return Verdict(bool(may_call), state.decode(), why.decode())

    def record(self, fence: int, *, failed: bool, seconds: float) -> bool:
        """Counts one call's end, unless the lease has passed to another. Whether the state changed by it."""
        slow = seconds >= SLOW_SECONDS
        factor = random.uniform(1 - JITTER, 1 + JITTER)
        changed = self._record(keys=_KEYS, args=[fence, int(failed), int(slow), factor])
        if changed:
            logger.warning("breaker %s: %s", *(word.decode() for word in changed))
        return bool(changed)

    def peek(self) -> View:
        """How it stands now. Takes nothing, changes nothing."""
        state, why, since, until, forced = (part.decode() for part in self._peek(keys=_KEYS))
        return View(state, why, int(since) / 1000, int(until) / 1000, forced)

    def force(self, to: str, *, why: str, seconds: int = FORCED_SECONDS) -> None:
        """A person's word: "open" or "closed" for so many seconds, or "auto"."""
        if to not in FORCES:
            raise ValueError(f"A breaker is forced open or closed, or left to itself (auto), not {to!r}.")
        self._force(keys=_KEYS, args=[to, seconds, why])
        logger.warning("breaker %s: %s", "left to itself" if to == "auto" else f"forced {to}", why)

    def events(self, most: int = EVENTS_KEPT) -> list[Event]:
        """The last changes, newest first."""
        found: Any = self._client.lrange(EVENTS, 0, most - 1)
        return [Event.read(text) for text in found]

    def changes(self) -> dict[str, int]:
        """How often each change was made: `{"closed:open": n, ...}`."""
        found: Any = self._client.hgetall(CHANGES)
        return {name.decode(): int(count) for name, count in found.items()}


_heard: View | None = None


def hear(view: View | None) -> None:
    """For this process's hub: what it last heard, for pages that must not wait for Redis."""
    global _heard
    _heard = view


def heard() -> View | None:
    """What this process's hub last heard; None before it heard anything, or without a hub."""
    return _heard


def look() -> View | None:
    """How it stands, asked with this process's own client; None when Redis does not answer."""
    try:
        return Breaker(redis_link.client()).peek()
    except redis.RedisError:
        return None


def _clock(epoch: float) -> str:
    return datetime.fromtimestamp(epoch, UTC).strftime("%H:%M:%S")
