"""One real web process and its WebSockets by the hundred: how soon all hear, and who must not hold them up."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from itertools import count
from statistics import median

import pytest
import uvloop

from clinic.running.home import free_port
from tests.crowd import Crowd, narrow
from tests.one_web import OneWeb, running
from tests.waiting import until

SOCKETS, SLOW_ONES = 500, 20
# Seconds, with both patience made shorter by patches, and the time that buffers take to fill up.
LET_GO = 15
versions = count(100)
UVICORN = ["-m", "uvicorn", "tests.consumers:application", "--ws", "websockets-sansio"]


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OneWeb]:
    with running(tmp_path_factory.mktemp("web"), "slow_after_a_second,unread_for_four_seconds") as web:
        yield web


def crowd_of(web: OneWeb) -> Crowd:
    return Crowd(web.port, web.topic, web.cookie)


async def waited(what: Callable[[], bool], seconds: float) -> None:
    """Until it is true. What it asks may block; our own clients have their turns in between."""
    async with asyncio.timeout(seconds):
        while not what():
            await asyncio.sleep(0.05)


@pytest.fixture
def consumers(web: OneWeb) -> Iterator[int]:
    """The port of the rival."""
    port = free_port()
    more = [
        "--ws-per-message-deflate",
        "false",
        "--lifespan",
        "off",
        "--log-level",
        "warning",
        "--port",
        str(port),
    ]
    process = web.python(*UVICORN, *more)
    until(lambda: web.answers_at(port), 20)
    yield port
    process.kill()
    process.wait()


async def figures(crowd: Crowd, web: OneWeb) -> list[float]:
    """Seconds until all hear, ten times."""
    return [await crowd.all_hear(next(versions), web.ring) for _n in range(10)]


def test_all_hear_several_times_sooner_than_with_a_consumer_a_socket(web: OneWeb, consumers: int) -> None:
    """The figure is the bench's to tell: this is a quarter of its size, on a machine that does other things."""

    async def scene() -> None:
        took = []
        for port in (web.port, consumers):
            crowd = Crowd(port, web.topic, web.cookie)
            await crowd.join(SOCKETS)
            took.append(await figures(crowd, web))
            crowd.vanish(SOCKETS)
        assert median(took[1]) > 2 * median(took[0]), took

    uvloop.run(scene())


def test_slow_readers_delay_nobody_and_are_cut_off(web: OneWeb) -> None:
    async def scene() -> None:
        crowd, slow = crowd_of(web), crowd_of(web)
        await crowd.join(100)
        usual = max(await figures(crowd, web))
        await slow.join(SLOW_ONES, narrow)
        assert web.listeners() == 100 + SLOW_ONES
        for member in slow.members:
            member.transport.pause_reading()
        began, times = time.monotonic(), []
        while web.listeners() > 100:
            assert time.monotonic() - began < LET_GO, "the slow are kept"
            web.ring_often(versions, 200)
            await asyncio.sleep(0)
            times.append(await crowd.all_hear(next(versions), web.ring))
        assert len(times) > 3 and max(times) < max(10 * usual, 0.5), (usual, times)
        # The server's side of a connection goes too, although nobody takes what is in its buffers.
        await waited(lambda: web.connections() <= 100 + 2, LET_GO)
        assert len(crowd.members) == 100
        crowd.vanish(100)

    uvloop.run(scene())


def test_nothing_is_left_of_sockets_that_vanish_under_traffic(web: OneWeb) -> None:
    async def scene() -> None:
        stays, goes = crowd_of(web), crowd_of(web)
        await stays.join(20)
        for _round in range(5):
            await goes.join(100)
            for _n in range(50):
                web.ring_often(versions, 2)
                goes.vanish(2)
                await asyncio.sleep(0)
        await waited(lambda: web.listeners() == 20, 5)
        await stays.all_hear(next(versions), web.ring)
        await waited(lambda: web.connections() <= 20 + 2, 5)
        stays.vanish(20)

    uvloop.run(scene())


@pytest.mark.parametrize("away", ["frozen", "killed"])
def test_all_hear_a_change_soon_without_redis(web: OneWeb, away: str) -> None:
    async def scene() -> None:
        crowd = crowd_of(web)
        await crowd.join(SOCKETS)
        with web.redis_away(away):
            for _n in range(3):
                assert await crowd.all_hear(next(versions), web.change) < 1.5
        # It is back: the next ring comes through it.
        await waited(lambda: web.ask("ring", 0), 5)
        crowd.vanish(SOCKETS)

    uvloop.run(scene())
