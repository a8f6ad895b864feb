"""Which processes live, and what they are at: each says so itself, in Redis, once a second, by Redis's clock.

RQ's own list would tell of a worker that was killed only after a minute and a half, and knows of no other process.
A process that ends takes its word back; one that was killed is heard of no more.
"""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import redis

from realtime import redis_link

BEATS, SERVED = "evenkeel:beats", "evenkeel:beats:served"
EVERY = 1.0
# Of whom nothing was heard for so long is silent: a busy machine may swallow some beats.
SILENT_SECONDS = 6.0
# A silent one that nobody replaced is shown for so long.
KEEP_MS = 600_000
# What else is done beside the job queues.
SCHEDULER, PAGES = "scheduler", "pages"
FIRST = "-"

_began = time.time()
_voice = ThreadPoolExecutor(1, thread_name_prefix="heartbeat")

# ARGV: name, what it says of itself, for how long a word is kept, and what it serves.
_TELL = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f', now) .. ' ' .. ARGV[2])
for i = 4, #ARGV do redis.call('HSET', KEYS[2], ARGV[i], string.format('%.0f', now)) end
redis.call('HSETNX', KEYS[2], '-', string.format('%.0f', now))
redis.call('PEXPIRE', KEYS[1], ARGV[3])
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  if tonumber(string.match(all[i + 1], '^(%d+)')) + ARGV[3] < now then redis.call('HDEL', KEYS[1], all[i]) end
end
"""
_HEAR = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
return {string.format('%.0f', now), redis.call('HGETALL', KEYS[1]), redis.call('HGETALL', KEYS[2])}
"""


@dataclass(frozen=True)
class Beat:
    """Of one process. `serves`: job queues, SCHEDULER or PAGES. `doing`: a function's name, "" while it waits.

    In seconds: `age` since it was last heard, `up` since it began, `doing_seconds` at what it does.
    """

    kind: str
    pid: int
    host: str
    serves: tuple[str, ...]
    age: float
    up: float
    doing: str
    doing_seconds: float

    @property
    def is_silent(self) -> bool:
        return self.age > SILENT_SECONDS


@dataclass(frozen=True)
class Pulse:
    """`beats`: those worth a look. `served`: seconds since each thing was last served by a living process.

    `known_for`: since anybody was heard at all; 0 for never, as in a Redis that has just been emptied.
    """

    beats: tuple[Beat, ...]
    served: dict[str, float]
    known_for: float

    def is_served(self, what: str) -> bool:
        return self.served.get(what, SILENT_SECONDS + 1) <= SILENT_SECONDS


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


def tell(kind: str, serves: Sequence[str]) -> None:
    """This process's beat. Raises redis.RedisError."""
    what = doing.what
    said = {
        "kind": kind,
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "serves": list(serves),
        "up": round(time.time() - _began),
        "doing": what,
        "doing_seconds": round(time.monotonic() - doing.since) if what else 0,
    }
    redis_link.client().eval(_TELL, 2, BEATS, SERVED, _name(kind), json.dumps(said), str(KEEP_MS), *serves)


def say(kind: str, serves: Sequence[str]) -> None:
    """As `tell`, but soon: never waits, never fails. For event loops."""
    _soon(lambda: tell(kind, serves))


def leave(kind: str) -> None:
    """Takes this process's word back, soon: it ends."""
    _soon(lambda: redis_link.client().hdel(BEATS, _name(kind)))


@contextmanager
def beating(kind: str, serves: Sequence[str]) -> Iterator[None]:
    """Beats from a thread of its own for as long as the block runs, also while a job holds this one."""
    over = threading.Event()

    def beat() -> None:
        while not over.is_set():
            # Without Redis nobody can ask either; the next beat comes in a second.
            with suppress(redis.RedisError):
                tell(kind, serves)
            over.wait(EVERY)

    thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        leave(kind)


def hear() -> Pulse:
    """Who lives, and who fell silent while nobody else serves the same. Raises redis.RedisError."""
    found: Any = redis_link.client().eval(_HEAR, 2, BEATS, SERVED)
    now = int(found[0])
    served = {what.decode(): (now - int(at)) / 1000 for what, at in _pairs(found[2])}
    known_for = served.pop(FIRST, 0.0)
    pulse = Pulse((), served, known_for)
    beats = [_beat(text, now) for _name, text in _pairs(found[1])]
    shown = [one for one in beats if not one.is_silent or not all(map(pulse.is_served, one.serves))]
    shown.sort(key=lambda one: (one.kind, one.host, one.pid))
    return Pulse(tuple(shown), served, known_for)


def _beat(text: bytes, now: int) -> Beat:
    at, _space, said = text.partition(b" ")
    told, age = json.loads(said), (now - int(at)) / 1000
    return Beat(**{**told, "serves": tuple(told["serves"]), "up": told["up"] + age}, age=age)


def _pairs(flat: list[bytes]) -> list[tuple[bytes, bytes]]:
    return list(zip(flat[::2], flat[1::2], strict=True))


def _name(kind: str) -> str:
    return f"{kind}, pid {os.getpid()} on {socket.gethostname()}"


def _soon(action: Any) -> None:
    def quietly() -> None:
        with suppress(redis.RedisError):
            action()

    # The interpreter is ending.
    with suppress(RuntimeError):
        _voice.submit(quietly)
