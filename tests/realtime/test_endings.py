"""What is told to end does, at whichever moment: also when that for which it waited comes at the same one."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from realtime.broadcast import Watched
from realtime.hub import Hub
from realtime.sockets import BellSocket
from tests.realtime.rig import until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("breaker_closed")]
# Turns of the event loop: more than lie between a wake and what follows from it.
TURNS = 8


async def turns(number: int) -> None:
    for _n in range(number):
        await asyncio.sleep(0)


def test_socket_ends_while_it_is_told_something() -> None:
    async def scene(number: int) -> None:
        async def send(message: dict[str, Any]) -> None:
            await turns(2)

        async def admit(scope: Any, _receive: Any, _send: Any) -> None:
            scope["seat"].grant, scope["seat"].watched = "grant", watched

        ours, watched, events = Hub(), Watched(1), asyncio.Queue[dict[str, Any]]()
        events.put_nowait({"type": "websocket.connect"})
        socket = asyncio.create_task(BellSocket(ours, admit)({}, events.get, send))
        await turns(number)
        ours._listeners() and ours._end(ours._listeners()[0])
        socket.cancel()
        assert (await asyncio.wait({socket}, timeout=1))[0], f"it goes on when told after {number} turns"
        assert not watched.listeners

    for number in range(TURNS):
        asyncio.run(scene(number))


def test_hub_ends_while_it_is_told_to_look() -> None:
    async def scene(number: int) -> None:
        ours = Hub()
        await ours.start()
        await until(lambda: ours.vendor)
        ours._look.set()
        await turns(number)
        ending = asyncio.create_task(ours.stop())
        assert (await asyncio.wait({ending}, timeout=2))[0], f"it goes on when told after {number} turns"

    for number in range(TURNS):
        asyncio.run(scene(number))
