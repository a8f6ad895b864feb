"""Changes single parts of Evenkeel in every process that a test starts.

TEST_CUTS names a file; the paths that stand in it are cut, from one moment to the next. TEST_PATCHES names what is
changed from the start, comma-separated.

Python imports this by itself when this folder is on PYTHONPATH; the product knows nothing of it.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import os
import sys
from pathlib import Path
from types import ModuleType

FILE = os.environ.get("TEST_CUTS", "")


def is_cut(name: str) -> bool:
    """Whether this path is cut now."""
    return name in Path(FILE).read_text().split()


def no_ring(notices: ModuleType) -> None:
    """After a commit no hub is told, here or elsewhere: only the fan-out job is."""

    real = notices._ring

    def mark_only(name: str, version: int) -> None:
        notices.redis_link.thread.soon(lambda: notices.jobs.announce_dirty(name))

    notices._ring = lambda name, version: (mark_only if is_cut("ring") else real)(name, version)


def no_fan_out(jobs: ModuleType) -> None:
    """No topic is ever marked dirty, so no fan-out job runs."""
    real = jobs.announce_dirty
    jobs.announce_dirty = lambda topic: None if is_cut("fan_out") else real(topic)


def no_second(look: ModuleType) -> None:
    """The hub's look at the database sees the switch, but no version."""
    real = look.at
    look.at = lambda names: look.Seen({}, real(names).switch) if is_cut("second") else real(names)


def count_listeners(routing: ModuleType) -> None:
    """`GET /listeners` tells how many sockets the hub holds. Nothing is broken."""
    floor = routing.Floor.__call__

    async def counting(self, scope, receive, send):  # type: ignore[no-untyped-def]
        if scope["path"] != "/listeners":
            return await floor(self, scope, receive, send)
        return await routing._answer(send, 200, str(len(self.hub._listeners())))

    routing.Floor.__call__ = counting


def slow_after_a_second(broadcast: ModuleType) -> None:
    """A socket that cannot take a message is let go after one second instead of five."""
    broadcast.SLOW = 1.0


def unread_for_four_seconds(web: ModuleType) -> None:
    """A client that reads nothing is cut off after four seconds instead of twenty."""
    web.UNREAD = 4


def short_leases(engine: ModuleType) -> None:
    """What a dead worker held is taken up after two seconds beyond its call instead of thirty."""
    engine.LEASE_MARGIN = engine.timedelta(seconds=2)


def short_waits(results: ModuleType) -> None:
    """A delivery that failed, and a destination that is away, wait for two seconds at most."""
    results.SHORTEST = results.LONGEST_PROBE = 0.5
    results.wait_seconds.__defaults__ = (2.0,)


CUTS = {"realtime.notices": no_ring, "realtime.jobs": no_fan_out, "realtime.look": no_second}
PATCHES = {
    "count_listeners": ("realtime.routing", count_listeners),
    "slow_after_a_second": ("realtime.broadcast", slow_after_a_second),
    "short_leases": ("clinic.integrations.engine", short_leases),
    "short_waits": ("clinic.integrations.results", short_waits),
    "unread_for_four_seconds": ("clinic.management.commands.web", unread_for_four_seconds),
}


class Patcher(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Loads a module as usual, then breaks it."""

    def __init__(self, wanted: dict[str, object]) -> None:
        self.wanted = wanted

    def find_spec(self, name, path, target=None):  # type: ignore[no-untyped-def]
        if name not in self.wanted:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        self.real, spec.loader = spec.loader, self
        return spec

    def create_module(self, spec):  # type: ignore[no-untyped-def]
        return None

    def exec_module(self, module):  # type: ignore[no-untyped-def]
        self.real.exec_module(module)
        self.wanted.pop(module.__name__)(module)


wanted = dict(CUTS) if FILE else {}
wanted.update(PATCHES[name] for name in os.environ.get("TEST_PATCHES", "").split(",") if name)
for where, patch in wanted.items():
    sys.meta_path.insert(0, Patcher({where: patch}))
