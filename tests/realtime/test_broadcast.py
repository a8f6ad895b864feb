"""The walk over open sockets: newest wins, a slow one is left behind alone, one that fails is let go."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from realtime import broadcast
from realtime.broadcast import Broadcast, Watched
from tests.realtime.rig import Ear, until


def text(watched: Watched) -> str:
    return json.dumps({"version": watched.version})


def test_one_text_serves_all_sockets_of_a_topic() -> None:
    made: list[str] = []

    def counted(watched: Watched) -> str:
        made.append(text(watched))
        return made[-1]

    async def scene() -> None:
        ears = [Ear(topic) for topic in (Watched(1), Watched(2)) for _ in range(40)]
        Broadcast(counted).tell([ear.listener for ear in ears])
        await until(lambda: all(ear.heard for ear in ears))
        assert [ear.versions() for ear in ears] == [[1]] * 40 + [[2]] * 40
        assert len(made) == 2

    asyncio.run(scene())


def test_loop_has_a_turn_after_each_hundred() -> None:
    async def scene() -> None:
        watched = Watched(1)
        ears = [Ear(watched) for _ in range(250)]
        Broadcast(text).tell([ear.listener for ear in ears])
        told = {0}
        while max(told) < 250:
            await asyncio.sleep(0)
            told.add(sum(len(ear.heard) for ear in ears))
        assert told == {0, 100, 200, 250}

    asyncio.run(scene())


def test_stuck_sockets_delay_nobody_and_skip_to_the_newest() -> None:
    async def scene() -> None:
        watched, ours = Watched(1), Broadcast(text)
        ears = [Ear(watched) for _ in range(30)]
        stuck, well = ears[::3], [ear for number, ear in enumerate(ears) if number % 3]
        for ear in stuck:
            ear.may_take.clear()
        for watched.version in (1, 2, 3):
            ours.tell([ear.listener for ear in ears])
            await until(lambda: all(ear.versions()[-1:] == [watched.version] for ear in well))
        assert [ear.heard for ear in stuck] == [[]] * 10
        for ear in stuck:
            ear.may_take.set()
        # What was under way when they got stuck, and the newest.
        await until(lambda: all(ear.versions() == [1, 3] for ear in stuck))
        assert all(ear.versions() == [1, 2, 3] and not ear.left for ear in well)

    asyncio.run(scene())


def test_socket_that_stays_stuck_is_let_go_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broadcast, "SLOW", 0.1)

    async def scene() -> None:
        watched, ours = Watched(1), Broadcast(text)
        stuck, well = Ear(watched), Ear(watched)
        stuck.may_take.clear()
        for rings in (1, 2, 3):
            ours.tell([stuck.listener, well.listener])
            await until(lambda: len(well.heard) == rings)  # noqa: B023  (it has run before the next)
        await until(lambda: stuck.left and not ours._walks)
        stuck.may_take.set()
        ours.tell([well.listener])
        await until(lambda: len(well.heard) == 4)
        assert (stuck.heard, well.left) == ([], False)

    asyncio.run(scene())


@pytest.mark.parametrize("error", [OSError, RuntimeError])
def test_socket_that_fails_is_let_go_and_the_walk_goes_on(error: type[Exception]) -> None:
    async def fail(message: dict[str, Any]) -> None:
        raise error

    async def scene() -> None:
        watched = Watched(1)
        ears = [Ear(watched) for _ in range(3)]
        ears[1].listener.send = fail
        Broadcast(text).tell([ear.listener for ear in ears])
        await until(lambda: ears[2].heard)
        assert [ear.left for ear in ears] == [False, True, False]

    asyncio.run(scene())


@pytest.mark.parametrize("stuck", [False, True])
def test_ended_socket_is_closed_once_it_can_be_and_told_nothing_more(stuck: bool) -> None:
    async def scene() -> None:
        watched, ours = Watched(1), Broadcast(text)
        ear = Ear(watched)
        if stuck:
            ear.may_take.clear()
        ours.tell([ear.listener])
        await asyncio.sleep(0.01)
        ear.listener.ended = True
        ours.tell([ear.listener])
        ear.may_take.set()
        await until(lambda: ear.left)
        assert (ear.versions(), ear.code) == ([1], 1001)

    asyncio.run(scene())


@pytest.mark.parametrize("ring", [lambda ours, ear: None, lambda ours, ear: ours.tell([ear.listener])])
def test_nobody_is_told_late_whatever_turn_a_ring_comes_in(ring: Callable[[Broadcast, Ear], None]) -> None:
    """A socket frees itself, and further rings come, at each turn of the loop around a walk's end."""

    async def scene(turns: int) -> None:
        watched, ours = Watched(1), Broadcast(text)
        stuck, well = Ear(watched), Ear(watched)
        stuck.may_take.clear()
        ours.tell([stuck.listener, well.listener])
        for _turn in range(turns):
            await asyncio.sleep(0)
        stuck.may_take.set()
        ring(ours, stuck)
        watched.version = 2
        ours.tell([well.listener, stuck.listener])
        await until(lambda: stuck.versions()[-1:] == well.versions()[-1:] == [2], 1)

    for turns in range(8):
        asyncio.run(scene(turns))
