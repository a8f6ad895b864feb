"""Is this process ready? Its database answers and has our migrations. Redis and the vendor may be away."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, NamedTuple

import redis
from django.db import Error as AnyDatabaseError
from django.db import close_old_connections, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from realtime import breaker, gate, redis_link, switch

PATIENCE = 2.0
SHOWN = 5
HANGS = f"does not answer within {PATIENCE:g} s"


class Readiness(NamedTuple):
    """`said`: as JSON holds it. Neither secrets nor versions: whoever can reach us may read it."""

    ready: bool
    said: dict[str, Any]

    @property
    def status(self) -> int:
        return 200 if self.ready else 503

    @property
    def database_answers(self) -> bool:
        return bool(self.said["database"] == "ok")


def look() -> Readiness:
    """How it stands now. A database that hangs holds whoever asks: see `Watch`."""
    return _whole(database())


def database() -> Readiness:
    """All that decides whether a page can be served."""
    try:
        missing = _missing()
    except AnyDatabaseError:
        return _away("does not answer")
    return Readiness(not missing, {"ready": not missing, "database": "ok", "migrations": _in_words(missing)})


class Watch:
    """Looks for an event loop that must never be held: one look at a time, for PATIENCE seconds at most.

    Pages ask often, so Redis, which may take its time, is asked for monitoring systems alone.
    """

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="ready")
        self._under_way: asyncio.Future[Readiness] | None = None
        self._until = 0.0
        # As the last look found it.
        self.database_answers = True

    async def look(self) -> Readiness:
        """At the database. Who asks while others wait gets the same answer; what hangs is not begun again."""
        found = await self._look()
        self.database_answers = found.database_answers
        return found

    async def look_at_all(self) -> Readiness:
        """At Redis and the vendor, too."""
        found = await self.look()
        if not found.database_answers:
            return found
        try:
            async with asyncio.timeout(PATIENCE):
                return await asyncio.get_running_loop().run_in_executor(self._pool, _whole, found)
        except TimeoutError:
            return _away(HANGS)

    async def _look(self) -> Readiness:
        """The patience is the look's, not that of each who asks: what hangs for long already is told at once."""
        if self._under_way is None or self._under_way.done():
            self._under_way = asyncio.get_running_loop().run_in_executor(self._pool, _look_anew)
            self._until = time.monotonic() + PATIENCE
        try:
            # Shielded: the next who asks may still wait for it.
            async with asyncio.timeout(self._until - time.monotonic()):
                return await asyncio.shield(self._under_way)
        except TimeoutError:
            return _away(HANGS)


def _look_anew() -> Readiness:
    """By a connection that is still good, of a thread that keeps it."""
    close_old_connections()
    return database()


def _whole(found: Readiness) -> Readiness:
    """With what we serve without."""
    if not found.database_answers:
        return found
    try:
        return Readiness(found.ready, {**found.said, **_beside()})
    except AnyDatabaseError:
        return _away("does not answer")


def _away(how: str) -> Readiness:
    return Readiness(False, {"ready": False, "database": how, "why": f"the database {how}"})


def _missing() -> list[str]:
    """Migrations of ours that this database lacks. It may have more: those of a newer release."""
    applied = MigrationRecorder(connection).applied_migrations()
    return [f"{app}.{name}" for app, name in _ours() if (app, name) not in applied]


@cache
def _ours() -> list[tuple[str, str]]:
    """Those that this code came with, in the order in which they are applied; read once."""
    graph = MigrationLoader(None).graph
    return list(dict.fromkeys(node for leaf in graph.leaf_nodes() for node in graph.forwards_plan(leaf)))


def _in_words(missing: list[str]) -> str:
    if not missing:
        return "applied"
    more = f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else ""
    return f"not applied: {', '.join(missing[:SHOWN])}{more}. Run: evenkeel migrate"


def _beside() -> dict[str, str]:
    """What we serve without."""
    row = switch.read()
    try:
        refusal = redis_link.refusal()
    except (redis.RedisError, OSError):
        return {"redis": "away", "vendor": _vendor(gate.decide(row, None))}
    said = f"takes no writes: {refusal}" if refusal else "ok"
    return {"redis": said, "vendor": _vendor(gate.decide(row, breaker.look()))}


def _vendor(decision: gate.Decision) -> str:
    return "open" if decision.open else f"shut: {decision.by}"
