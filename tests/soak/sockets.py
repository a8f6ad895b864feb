"""Two thousand WebSockets on one real web process, and thousands more that vanish without a word under traffic."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

import uvloop

from tests.crowd import Crowd
from tests.one_web import OneWeb, running

STAY, ROUND = 2000, 250
# Megabytes that the process may grow by between the first quarter of those that vanish and the last.
GROWTH = 8
MB = 1024 * 1024
versions = count(100)


def run(vanishing: int) -> dict[str, Any]:
    """The figures. `lost`: who missed a ring, listeners and connections that are left over, and memory that is."""
    with tempfile.TemporaryDirectory(prefix="evenkeel-sockets-") as folder, running(Path(folder)) as web:
        return uvloop.run(_scene(web, vanishing))


async def _scene(web: OneWeb, vanishing: int) -> dict[str, Any]:
    async with Crowd(web.port, web.topic, web.cookie) as stay, Crowd(web.port, web.topic, web.cookie) as go:
        await stay.join(50)
        before = _memory(web)
        await stay.join(STAY - 50)
        figures: dict[str, Any] = {
            "sockets": web.listeners(),
            "kb_each": (_memory(web) - before) / (STAY - 50) / 1024,
        }
        figures |= await _fan_out(stay, web)
        figures |= await _vanish(go, web, vanishing)
        newest = next(versions)
        await asyncio.to_thread(web.ring, newest)
        await asyncio.sleep(1)
        figures["missed"] = STAY - sum(member.version == newest for member in stay.members)
        with web.redis_away("frozen"):
            figures["without_redis_s"] = max([await stay.all_hear(next(versions), web.change) for _n in range(5)])
        figures["left_over"] = abs(web.listeners() - STAY) + max(0, web.connections() - STAY - 2)
    grew = figures["memory_mb"][-1] - figures["memory_mb"][len(figures["memory_mb"]) // 4]
    broken = (grew > GROWTH) + (figures["without_redis_s"] > 1.5)
    return figures | {"lost": figures["missed"] + figures["left_over"] + broken}


async def _fan_out(crowd: Crowd, web: OneWeb) -> dict[str, float]:
    """Milliseconds from a ring in another process until all have heard."""
    times = [await crowd.all_hear(next(versions), web.ring) * 1000 for _n in range(20)]
    return {"ring_ms_median": round(median(times), 1), "ring_ms_worst": round(max(times), 1)}


async def _vanish(crowd: Crowd, web: OneWeb, number: int) -> dict[str, Any]:
    memory = []
    for done in range(0, number, ROUND):
        await crowd.join(ROUND)
        while crowd.members:
            crowd.vanish(min(5, len(crowd.members)))
            await asyncio.to_thread(web.ring_often, versions, 2)
        memory.append(round(_memory(web) / MB, 1))
        print(f"{done + ROUND} vanished, {memory[-1]} MB", file=sys.stderr, flush=True)
    return {"vanished": number, "memory_mb": memory}


def _memory(web: OneWeb) -> int:
    return int(web.process.memory_info().rss)
