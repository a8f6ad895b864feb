"""Which processes a soak kills and freezes, and how it finds them again once they were started anew."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

import psutil
import redis

from tests.stack import Stack

KILLED = ["web", "worker", "cron", "valkey", "standin", "layer"]
FROZEN = ["web", "worker", "cron", "valkey", "standin", "emr"]
# The layer is no process: its subscriptions are cut.
CUT = "cut"
BACK_WITHIN = 30.0
# A few freezes outlast the lease of a delivery, so that a worker comes back from the dead.
SHORT, LONG = 7.0, (40.0, 50.0)


class NotBack(AssertionError):
    """A process that ended was not started again in time."""


@dataclass
class Hand:
    """Does the killing. `counts`: by what was done to whom."""

    stack: Stack
    random: random.Random
    counts: Counter[str] = field(default_factory=Counter)
    timers: list[threading.Timer] = field(default_factory=list)

    def kill(self, name: str) -> None:
        """SIGKILL to one of this name, and nothing waits for what follows.

        "layer" cuts the hubs' subscriptions, and may flush. "worker" is of any pool; "worker general" of that one.
        """
        if name == "layer":
            self._cut_layer()
        else:
            pid = self._wait_for(name)
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.counts[f"{CUT if name == 'layer' else 'kill'} {name.split()[0]}"] += 1

    def freeze(self, name: str, at_least: float = 0.2) -> None:
        """SIGSTOP, and SIGCONT some seconds later."""
        pid = self._wait_for(name)
        is_long = name == "worker" and self.random.random() < 0.1
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
        seconds = self.random.uniform(*(LONG if is_long else (at_least, SHORT)))
        timer = threading.Timer(seconds, _thaw, [pid])
        self.timers.append(timer)
        timer.start()
        self.counts[f"freeze {name}{' beyond its lease' if is_long else ''}"] += 1

    def killed(self) -> int:
        """How many processes ended by this hand; a cut of the layer is none."""
        return sum(count for what, count in self.counts.items() if what.startswith("kill "))

    def thaw_all(self) -> None:
        """Nothing is frozen any more."""
        for timer in self.timers:
            timer.cancel()
        for pids in processes(self.stack).values():
            for pid in pids:
                _thaw(pid)

    def wait_for_all(self, wanted: dict[str, int]) -> None:
        """Returns when as many of each run as the demo began with. Raises NotBack."""
        for name, count in wanted.items():
            self._until(name, lambda name=name, count=count: len(_pids(self.stack, name)) >= count)

    def _wait_for(self, name: str) -> int:
        found: list[int] = []
        # What was found is what is taken: by the next look, it may be gone.
        self._until(name, lambda: bool(found.extend(_pids(self.stack, name)) or found))
        return self.random.choice(found)

    def _until(self, name: str, true: Callable[[], bool]) -> None:
        began = time.monotonic()
        while not true():
            if time.monotonic() - began > BACK_WITHIN:
                raise NotBack(f"{name} was not started again within {BACK_WITHIN:g} s")
            time.sleep(0.05)

    def _cut_layer(self) -> None:
        end = time.monotonic() + BACK_WITHIN
        while time.monotonic() < end:
            try:
                with self.stack.redis() as client:
                    client.client_kill_filter(_type="pubsub")
                    if self.random.random() < 0.3:
                        client.flushall()
                        self.counts["flush of Valkey"] += 1
                return
            except redis.RedisError:
                time.sleep(0.2)
        raise NotBack(f"Valkey did not answer within {BACK_WITHIN:g} s")


def processes(stack: Stack) -> dict[str, list[int]]:
    """The process ids that run now, by name, as "worker general": what the demo's supervisor has started."""
    found: dict[str, list[int]] = {}
    assert stack.process is not None
    for child in psutil.Process(stack.process.pid).children():
        with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
            found.setdefault(_name(child.cmdline()), []).append(child.pid)
    return found


def deck(chance: random.Random) -> Iterator[str]:
    """Whom to kill, for ever: all in turn, in an order that is drawn anew each time."""
    while True:
        yield from chance.sample(KILLED, len(KILLED))


def _name(argv: list[str]) -> str:
    if argv and "valkey" in argv[0]:
        return "valkey"
    words = next((argv[n:] for n, before in enumerate(argv, 1) if before.endswith("manage.py")), [""])
    return " ".join(words[:2]) if words[0] == "worker" else {"demo_emr": "emr"}.get(words[0], words[0])


def _pids(stack: Stack, name: str) -> list[int]:
    return [
        pid
        for one, pids in processes(stack).items()
        if one == name or name == one.partition(" ")[0]
        for pid in pids
    ]


def _thaw(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGCONT)
