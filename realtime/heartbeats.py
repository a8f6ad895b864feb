"""Which processes live, what they are at, and which version of the operator's switch each obeys.

Each process says so itself, in Redis, by Redis's clock: once a second, and at once when there is news. The ops
page, the metrics and whoever waits for the switch read the same words. RQ's own list would tell of a worker that
was killed only after a minute and a half, and knows of no other process. A process that ends takes its word back;
one that was killed is heard of no more.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from typing import Any

import redis

from realtime import redis_link, tally
from realtime.pulse import Beat, Pulse, process_name

logger = logging.getLogger(__name__)

BEATS, SERVED = "evenkeel:beats", "evenkeel:beats:served"
EVERY = 1.0
# A silent one that nobody replaced is shown for so long; one that is frozen, for as long as it is.
KEEP_MS = 600_000
# What else is done beside the job queues.
SCHEDULER, PAGES, BOOKINGS = "scheduler", "pages", "bookings"
FIRST = "-"

# What this release knows of: one beside it, during a release, may say more.
_KNOWN = {field.name for field in fields(Beat)}

_began = time.time()

# ARGV: name, what it says of itself, for how long a word is kept, how long ago it last served, and what it serves.
# Gives the names and words of those that have missed two beats.
_TELL = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f', now) .. ' ' .. ARGV[2])
local at = now - ARGV[4]
for i = 5, #ARGV do
  if at > tonumber(redis.call('HGET', KEYS[2], ARGV[i]) or 0) then
    redis.call('HSET', KEYS[2], ARGV[i], string.format('%.0f', at))
  end
end
redis.call('HSETNX', KEYS[2], '-', string.format('%.0f', now))
redis.call('PEXPIRE', KEYS[1], ARGV[3])
local all, late = redis.call('HGETALL', KEYS[1]), {}
local function age(i) return now - string.match(all[i + 1], '^(%d+)') end
local function said(i) return cjson.decode(string.match(all[i + 1], '{.*')) end
-- One that is frozen: its machine lives, still has it, and began no other of its kind since.
local function is_frozen(i)
  local it, lives = said(i), false
  for other = 1, #all, 2 do
    local one = age(other) <= 5000 and said(other)
    if one and one.host == it.host then
      if one.kind == it.kind and age(other) + one.up * 1000 < age(i) then return false end
      lives = true
    end
  end
  return lives and not it.gone
end
for i = 1, #all, 2 do
  if age(i) > tonumber(ARGV[3]) and not is_frozen(i) then
    redis.call('HDEL', KEYS[1], all[i])
  elseif age(i) > 2000 then
    late[#late + 1], late[#late + 2] = all[i], all[i + 1]
  end
end
return late
"""
_HEAR = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
return {string.format('%.0f', now), redis.call('HGETALL', KEYS[1]), redis.call('HGETALL', KEYS[2])}
"""


class Doing:
    """What this process is at: told with its next beat."""

    def __init__(self) -> None:
        self.what, self.since = "", 0.0

    @contextmanager
    def at(self, what: str) -> Iterator[None]:
        self.what, self.since = what, time.monotonic()
        try:
            yield
        finally:
            self.what = ""


doing = Doing()


def tell(
    kind: str, serves: Sequence[str], *, sockets: int = 0, round_age: float = 0, obeys: int | None = None
) -> None:
    """This process's beat, as `Beat` has it. Raises redis.RedisError."""
    what = doing.what
    said = {
        "kind": kind,
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "serves": list(serves),
        "up": round(time.time() - _began),
        "doing": what,
        "doing_seconds": round(time.monotonic() - doing.since) if what else 0,
        "sockets": sockets,
        "round_age": round_age,
        "obeys": obeys,
    }
    words = (json.dumps(said), str(KEEP_MS), str(round(round_age * 1000)))
    late: Any = redis_link.client().eval(_TELL, 2, BEATS, SERVED, _own_name(kind), *words, *serves)
    _say_who_is_gone(_pairs(late))


def _say_who_is_gone(late: list[tuple[bytes, bytes]]) -> None:
    """Of these, those that ran on this machine and do not any more."""
    here = socket.gethostname()
    for name, text in late:
        at, _space, told = text.partition(b" ")
        said = json.loads(told)
        if said["host"] == here and not said.get("gone") and not _runs(said["pid"]):
            redis_link.client().hset(BEATS, name, f"{at.decode()} {json.dumps({**said, 'gone': True})}")


def _runs(pid: int) -> bool:
    """Whether this machine has such a process, whosever it is."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


class Heart(threading.Thread):
    """Beats from a thread of its own, also while a job or a page holds the others; hands over what was counted.

    Lives without Redis: then nobody can ask either. The callables give what `tell` takes; they are called on the
    thread, and must wait for nothing.
    """

    def __init__(self, kind: str, serves: Sequence[str], **said: Callable[[], Any]) -> None:
        super().__init__(name="heart", daemon=True)
        self._kind, self._serves, self._said = kind, serves, said
        self._over, self._wake = threading.Event(), threading.Event()

    def run(self) -> None:
        while not self._over.is_set():
            self._do(self._beat)
            self._wake.wait(EVERY)
            self._wake.clear()
        # Here, so that no beat under way comes after it.
        self._do(self._leave)

    def soon(self) -> None:
        """Beats now: there is news. Never waits, never fails."""
        self._wake.set()

    def stop(self) -> None:
        """Returns once this process's word is taken back and its last count handed over, or Redis took neither."""
        self._over.set()
        self._wake.set()
        self.join(4 * redis_link.PATIENCE)

    def _beat(self) -> None:
        tell(self._kind, self._serves, **{what: say() for what, say in self._said.items()})

    def _leave(self) -> None:
        redis_link.client().hdel(BEATS, _own_name(self._kind))

    def _do(self, action: Callable[[], None]) -> None:
        for step in (action, tally.hand_over):
            try:
                step()
            except (redis.RedisError, OSError):
                # It is said elsewhere; what was counted is kept, and the next beat comes in a second.
                return
            except Exception:
                logger.exception("a beat was not told")


@contextmanager
def beating(kind: str, serves: Sequence[str], **said: Callable[[], Any]) -> Iterator[Heart]:
    """This process's heart, for as long as the block runs."""
    heart = Heart(kind, serves, **said)
    heart.start()
    try:
        yield heart
    finally:
        heart.stop()


def hear() -> Pulse:
    """Who lives, and who is silent: of those that are gone, whose work nobody does. Raises redis.RedisError."""
    found: Any = redis_link.client().eval(_HEAR, 2, BEATS, SERVED)
    now = int(found[0])
    served = {what.decode(): (now - int(at)) / 1000 for what, at in _pairs(found[2])}
    known_for = served.pop(FIRST, 0.0)
    beats = sorted((_beat(text, now) for _name, text in _pairs(found[1])), key=lambda one: one.name)
    pulse = Pulse(tuple(beats), served, known_for)
    shown = [one for one in beats if not one.gone or not all(map(pulse.is_served, one.serves))]
    return Pulse(tuple(shown), served, known_for)


def _beat(text: bytes, now: int) -> Beat:
    at, _space, said = text.partition(b" ")
    told, age = json.loads(said), (now - int(at)) / 1000
    known = {what: word for what, word in told.items() if what in _KNOWN}
    return Beat(**{**known, "serves": tuple(told["serves"]), "up": told["up"] + age, "age": age})


def _pairs(flat: list[bytes]) -> list[tuple[bytes, bytes]]:
    return list(zip(flat[::2], flat[1::2], strict=True))


def _own_name(kind: str) -> str:
    return process_name(kind, os.getpid(), socket.gethostname())
