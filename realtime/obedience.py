"""Which processes obey the operator's switch as it stands: each says so itself, in Redis, once a second.

Who could hold a vendor connection, or whose pages could, tells the version of the switch's row that it has taken
in: web processes and the workers that fan out. A connection that an older row allowed keeps the word back. By
Redis's clock, with an end, so that the dead do not count.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

import redis

from realtime import connections, roll

WORDS = "evenkeel:obedience"
STEP = 0.02
WITHOUT_REDIS = "Redis is away: each process obeys within 2 seconds"
# The version that nobody has taken in who has not seen the row yet.
UNSEEN = -1

_voice = ThreadPoolExecutor(1, thread_name_prefix="obedience")


@dataclass(frozen=True)
class Obeyed:
    """`obeyed` of `of` processes. `others`: those that have not, each as "kind, pid N on HOST"."""

    obeyed: int
    of: int
    others: tuple[str, ...] = ()

    @property
    def is_all(self) -> bool:
        return self.obeyed == self.of

    def __str__(self) -> str:
        if not self.of:
            return "No process that could use the vendor runs"
        not_yet = f"; not yet: {'; '.join(self.others)}" if self.others else ""
        return f"Obeyed by {self.obeyed} of {self.of} {'process' if self.of == 1 else 'processes'}{not_yet}"


def sentence(obeyed: Obeyed | None) -> str:
    """For people, without its full stop. None: Redis did not answer."""
    return WITHOUT_REDIS if obeyed is None else str(obeyed)


def say(kind: str, version: int) -> None:
    """As `tell`, but soon: never waits, never fails. For event loops."""
    _soon(lambda: tell(kind, version))


def leave(kind: str) -> None:
    """Takes this process's word back, soon: it ends."""
    _soon(lambda: roll.leave(WORDS, roll.name(kind)))


def tell(kind: str, version: int) -> None:
    """This process's word: it has taken in that version of the switch. Raises redis.RedisError."""
    under = connections.oldest()
    taken_in = version if under is None else min(version, under)
    roll.tell(WORDS, roll.name(kind), taken_in)


def count(version: int) -> Obeyed:
    """Who of the processes that live obeys that version, or a later one. Raises redis.RedisError."""
    words = roll.hear(WORDS)
    others = tuple(name for name, said in words.items() if said < version)
    return Obeyed(len(words) - len(others), len(words), others)


def settle(version: int, seconds: float) -> Obeyed | None:
    """Waits until all obey that version, `seconds` at most, and says how it then stands; None without Redis."""
    end = time.monotonic() + seconds
    try:
        while not (found := count(version)).is_all and time.monotonic() < end:
            time.sleep(STEP)
    except redis.RedisError:
        return None
    return found


def _soon(action: Callable[[], object]) -> None:
    def quietly() -> None:
        # Without Redis nobody can ask either; the next word comes in a second.
        with suppress(redis.RedisError):
            action()

    # The interpreter is ending.
    with suppress(RuntimeError):
        _voice.submit(quietly)
