"""A flood of topics that there are not costs a few reads, and nobody who asks for one that there is notices."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from django.db import OperationalError

from realtime import known_topics, look
from realtime.known_topics import KnownTopics
from realtime.models import Topic
from realtime.routing import KnownFirst, application
from tests.realtime.rig import running_hub
from tests.realtime.test_live import Django, get

ABC = "abcdefghijklmnopqrstuvwxyz"


def made_up(number: int) -> str:
    return "".join(ABC[number // 26**place % 26] for place in range(26))


class Reads:
    """Of the names of all topics: each ends when the test says so."""

    def __init__(self) -> None:
        self.count, self.names = 0, frozenset[str]()
        self.go_on = asyncio.Event()

    async def read(self) -> frozenset[str]:
        self.count += 1
        names = self.names
        await self.go_on.wait()
        return names


@asynccontextmanager
async def asked(known: KnownTopics, *names: str) -> AsyncIterator[list[asyncio.Task[bool]]]:
    tasks = [asyncio.create_task(known.has(name)) for name in names]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    yield tasks
    await asyncio.gather(*tasks, return_exceptions=True)


def test_all_who_ask_at_once_are_answered_by_one_read() -> None:
    async def scene() -> None:
        reads = Reads()
        reads.names = frozenset({"ours"})
        reads.go_on.set()
        known = KnownTopics(reads.read)
        async with asked(known, "ours", *map(made_up, range(500))) as tasks:
            assert [await task for task in tasks] == [True] + [False] * 500
        assert await known.has("ours") and reads.count == 1

    asyncio.run(scene())


def test_topic_that_is_made_while_a_read_is_under_way_is_not_denied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_topics, "EVERY", 0.01)

    async def scene() -> None:
        reads = Reads()
        known = KnownTopics(reads.read)
        async with asked(known, "old") as first:
            while not reads.count:
                await asyncio.sleep(0)
            reads.names = frozenset({"new"})
            async with asked(known, "new") as second:
                reads.go_on.set()
                assert not await first[0] and await second[0]
        assert reads.count == 2

    asyncio.run(scene())


def test_whoever_comes_while_a_read_is_under_way_is_answered_by_it_if_it_can() -> None:
    """After a restart all screens ask within a moment: none waits for a second look."""

    async def scene() -> None:
        reads = Reads()
        reads.names = frozenset({"hall", "desk"})
        known = KnownTopics(reads.read)
        async with asked(known, "hall") as first:
            while not reads.count:
                await asyncio.sleep(0)
            async with asked(known, "desk") as second:
                reads.go_on.set()
                assert await first[0] and await second[0]
        assert reads.count == 1

    asyncio.run(scene())


def test_reads_are_apart_however_many_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the event loop's own clock, which the test turns."""
    waited: list[float] = []
    real = asyncio.sleep

    async def sleep(seconds: float) -> None:
        waited.append(seconds)
        await real(0)

    async def scene() -> None:
        # So long that a machine that stands still meanwhile does not make up for it.
        monkeypatch.setattr(known_topics, "EVERY", 60)
        reads = Reads()
        reads.go_on.set()
        known = KnownTopics(reads.read)
        monkeypatch.setattr(known_topics.asyncio, "sleep", sleep)
        for number in range(3):
            assert not await known.has(made_up(number))
        assert waited[0] == 0 and all(0 < one <= 60 for one in waited[1:]) and reads.count == 3

    asyncio.run(scene())


def test_one_who_leaves_takes_nobodys_answer_along_and_a_database_that_is_away_is_told_to_all() -> None:
    async def scene() -> None:
        reads = Reads()
        known = KnownTopics(reads.read)
        async with asked(known, "a", "b") as (leaves, stays):
            leaves.cancel()
            reads.go_on.set()
            assert await stays is False

    async def away() -> None:
        async def fail() -> frozenset[str]:
            raise OperationalError

        async with asked(KnownTopics(fail), "a", "b") as tasks:
            found = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(one) for one in found] == [OperationalError] * 2

    asyncio.run(scene())
    asyncio.run(away())


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("breaker_closed")
def test_floor_answers_a_right_topic_amid_a_flood(monkeypatch: pytest.MonkeyPatch) -> None:
    topic, real, reads = Topic.objects.create(version=7), look.names, []

    def counted() -> frozenset[str]:
        reads.append(1)
        return real()

    monkeypatch.setattr(look, "names", counted)

    async def scene() -> None:
        async with running_hub() as ours:
            app = application(ours, Django())
            flood = [asyncio.create_task(get(app, f"/live/{made_up(n)}/")) for n in range(300)]
            status, _headers, body = await get(app, f"/live/{topic.name}/")
            assert (status, body["version"]) == (200, 7)
            assert {(await one)[0] for one in flood} == {404} and set(ours.topics) == {topic.name}
        assert len(reads) <= 2

    asyncio.run(scene())


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("breaker_closed")
def test_socket_of_what_there_is_not_is_refused_before_anybodys_cookies_are_looked_up() -> None:
    topic, admitted, said = Topic.objects.create(), [], []

    async def admission(scope: Any, receive: Any, send: Any) -> None:
        admitted.append(scope["path"])

    async def send(message: dict[str, Any]) -> None:
        said.append(message)

    async def scene() -> None:
        async with running_hub() as ours:
            guard = KnownFirst(ours, admission)
            for path in (f"/ws/{made_up(1)}/", f"/ws/{topic.name}/", "/ws/else/", f"/ws/{topic.name}"):
                await guard({"type": "websocket", "path": path}, None, send)

    asyncio.run(scene())
    assert admitted == [f"/ws/{topic.name}/"]
    assert said == [{"type": "websocket.close", "code": code} for code in (4403, 4404, 4404)]
