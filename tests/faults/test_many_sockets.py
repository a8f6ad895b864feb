"""One real web process and its WebSockets by the hundred: how soon all hear, and who must not hold them up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from statistics import median

import pytest
import uvloop

from clinic.running.home import free_port, port_taken
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
    try:
        until(lambda: port_taken("127.0.0.1", port), 20)
        yield port
    finally:
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
            async with Crowd(port, web.topic, web.cookie) as crowd:
                await crowd.join(SOCKETS)
                took.append(await figures(crowd, web))
        assert median(took[1]) > 2 * median(took[0]), took

    uvloop.run(scene())


def test_slow_readers_delay_nobody_and_are_cut_off(web: OneWeb) -> None:
    async def scene() -> None:
        async with crowd_of(web) as crowd, crowd_of(web) as slow:
            await crowd.join(100)
            usual = max(await figures(crowd, web))
            await slow.join(SLOW_ONES, narrow)
            assert web.listeners() == 100 + SLOW_ONES
            for member in slow.members:
                member.transport.pause_reading()
            times = []
            async with asyncio.timeout(LET_GO):
                while web.listeners() > 100:
                    await asyncio.to_thread(web.ring_often, versions, 200)
                    times.append(await crowd.all_hear(next(versions), web.ring))
            assert len(times) > 3 and max(times) < max(10 * usual, 0.5), (usual, times)
            # The server's side of a connection goes too, although nobody takes what is in its buffers.
            await waited(lambda: web.connections() <= 100 + 2, LET_GO)
            assert len(crowd.members) == 100

    uvloop.run(scene())


def test_nothing_is_left_of_sockets_that_vanish_under_traffic(web: OneWeb) -> None:
    async def scene() -> None:
        async with crowd_of(web) as stays, crowd_of(web) as goes:
            await stays.join(20)
            for _round in range(5):
                await goes.join(100)
                for _n in range(50):
                    goes.vanish(2)
                    await asyncio.to_thread(web.ring_often, versions, 2)
            await waited(lambda: web.listeners() == 20, 5)
            await stays.all_hear(next(versions), web.ring)
            await waited(lambda: web.connections() <= 20 + 2, 5)

    uvloop.run(scene())


async def hears_rings_again(crowd: Crowd, web: OneWeb) -> None:
    """A ring is lost while the hub has not subscribed again."""
    async with asyncio.timeout(10):
        while True:
            with suppress(AssertionError):
                await crowd.all_hear(next(versions), web.ring, 0.5)
                return


@pytest.mark.parametrize("away", ["frozen", "killed"])
def test_all_hear_a_change_soon_without_redis(web: OneWeb, away: str) -> None:
    async def scene() -> None:
        async with crowd_of(web) as crowd:
            await crowd.join(SOCKETS)
            with web.redis_away(away):
                for _n in range(2):
                    assert await crowd.all_hear(next(versions), web.change) < 1.5
            await waited(lambda: web.ask("ring", next(versions)) is True, 10)
            await hears_rings_again(crowd, web)

    uvloop.run(scene())
