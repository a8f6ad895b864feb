"""The hub: newest wins, the SQL second as the floor, the layer as the bell, and what it forgets."""

from __future__ import annotations

import asyncio
import time
from itertools import pairwise
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import Error

from realtime import bell, hub, look, rights, switch
from realtime.models import Topic
from tests.realtime.rig import Ear, raised, ring, running_hub, until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("breaker_closed")]


def fail(*_args: object) -> Any:
    raise Error("the database is away")


async def heard(name: str, version: int) -> None:
    """Rings; the hub takes it on this loop's next turn, and tells its sockets in the turn after."""
    bell.ring(ring(name, version))
    for _turn in range(4):
        await asyncio.sleep(0)


@pytest.fixture
def lasting_rights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rights, "ended", lambda grants: set())


def test_second_is_a_second() -> None:
    assert hub.SECOND == 1.0


def test_ring_keeps_the_newest_and_tells_only_of_newer(no_second: None) -> None:
    topic = Topic.objects.create(version=5)

    async def scene() -> None:
        async with running_hub() as ours:
            # The look at the start, which may wake listeners, is over.
            await until(lambda: ours.vendor)
            ear = Ear(await ours.watch(topic.name))
            ours.add(ear.listener)
            for version, told in [(7, [5, 7]), (6, [5, 7]), (7, [5, 7]), (8, [5, 7, 8])]:
                await heard(topic.name, version)
                assert ear.versions() == told

    asyncio.run(scene())


def test_ring_for_a_topic_nobody_watches_is_dropped(no_second: None) -> None:
    async def scene() -> None:
        async with running_hub() as ours:
            await heard("a" * 26, 9)
            assert ours.topics == {}

    asyncio.run(scene())


def test_sql_second_alone_finds_a_change(quick_second: None, lasting_rights: None) -> None:
    topic = Topic.objects.create()

    async def scene() -> None:
        async with running_hub() as ours:
            ear = Ear(await ours.watch(topic.name))
            ours.add(ear.listener)
            await raised(topic)
            await until(lambda: 2 in ear.versions())

    asyncio.run(scene())


def test_sql_second_goes_on_after_the_database_was_away(
    quick_second: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic, at = Topic.objects.create(), look.at

    async def scene() -> None:
        async with running_hub() as ours:
            watched = await ours.watch(topic.name)
            assert watched is not None
            monkeypatch.setattr(look, "at", fail)
            await raised(topic)
            await asyncio.sleep(0.2)
            assert watched.version == 1
            monkeypatch.setattr(look, "at", at)
            await until(lambda: watched.version == 2)

    asyncio.run(scene())


def test_look_is_one_query_for_topics_and_switch(django_assert_num_queries: Any) -> None:
    topics = Topic.objects.bulk_create(Topic(version=number) for number in range(50))
    with django_assert_num_queries(1):
        seen = look.at([*(topic.name for topic in topics), "unknown"])
    assert seen.versions == {topic.name: topic.version for topic in topics}
    assert seen.switch is not None
    with django_assert_num_queries(1):
        assert look.at([]).switch is not None


def test_look_takes_as_many_topics_as_a_hub_watches() -> None:
    topic = Topic.objects.create()
    names = [f"{number:026d}" for number in range(hub.MOST_WATCHED - 1)]
    assert look.at([*names, topic.name]).versions == {topic.name: 1}


def test_watch_of_an_unknown_topic_is_none_and_not_kept(no_second: None) -> None:
    async def scene() -> None:
        async with running_hub() as ours:
            assert await ours.watch("a" * 26) is None
            assert ours.topics == {}

    asyncio.run(scene())


def test_watch_reads_the_database_once(no_second: None, monkeypatch: pytest.MonkeyPatch) -> None:
    topic = Topic.objects.create()

    async def scene() -> None:
        async with running_hub() as ours:
            first = await ours.watch(topic.name)
            monkeypatch.setattr(look, "version_of", fail)
            assert first is not None
            assert await ours.watch(topic.name) is first

    asyncio.run(scene())


def test_watched_topics_are_bounded(no_second: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "MOST_WATCHED", 2)
    topics = Topic.objects.bulk_create(Topic(version=number + 1) for number in range(3))

    async def scene() -> None:
        async with running_hub() as ours:
            found = [await ours.watch(topic.name) for topic in topics]
            assert [watched and watched.version for watched in found] == [1, 2, 3]
            assert set(ours.topics) == {topics[0].name, topics[1].name}

    asyncio.run(scene())


def test_topic_is_forgotten_after_its_time_unless_a_socket_listens(quick_second: None) -> None:
    kept, polled = Topic.objects.create(), Topic.objects.create()

    async def scene() -> None:
        async with running_hub() as ours:
            watched = [await ours.watch(topic.name) for topic in (kept, polled)]
            listener = Ear(watched[0]).listener
            ours.add(listener)
            await raised(polled)
            await until(lambda: ours.topics[polled.name].version == 2)
            for one in watched:
                assert one and 0 < one.until - time.monotonic() <= 60
                one.until = time.monotonic()
            await until(lambda: set(ours.topics) == {kept.name})
            ours.remove(listener)
            await until(lambda: not ours.topics)

    asyncio.run(scene())


def test_vendor_flag_follows_the_switch_by_the_second(
    quick_second: None, lasting_rights: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bell, "ring", lambda message: None)
    topic = Topic.objects.create()

    async def scene() -> None:
        async with running_hub() as ours:
            assert not ours.vendor
            await until(lambda: ours.vendor)
            ear = Ear(await ours.watch(topic.name))
            ours.add(ear.listener)
            await until(lambda: ear.heard and ear.heard[-1]["vendor"])
            await sync_to_async(switch.flip)("off", by="olu", reason="slow")
            await until(lambda: not ear.heard[-1]["vendor"])
            await sync_to_async(switch.flip)("auto", by="olu", reason="well")
            await until(lambda: ours.vendor)

    asyncio.run(scene())


def test_flip_makes_the_hub_look_at_once(no_second: None) -> None:
    async def scene() -> None:
        async with running_hub() as ours:
            await until(lambda: ours.vendor)
            await sync_to_async(switch.flip)("off", by="olu", reason="slow")
            assert await until(lambda: not ours.vendor) < 1

    asyncio.run(scene())


def test_vendor_flag_is_off_until_the_switch_was_read(quick_second: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look, "at", fail)

    async def scene() -> None:
        async with running_hub() as ours:
            await asyncio.sleep(0.15)
            assert not ours.vendor

    asyncio.run(scene())


def test_ended_right_ends_its_listener_alone(quick_second: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "RIGHTS_EVERY", 1)
    monkeypatch.setattr(rights, "ended", lambda grants: grants & {"gone"})
    topic = Topic.objects.create()

    async def scene() -> None:
        async with running_hub() as ours:
            watched = await ours.watch(topic.name)
            gone, kept = Ear(watched, "gone"), Ear(watched, "kept")
            ours.add(gone.listener)
            ours.add(kept.listener)
            await until(lambda: gone.left)
            assert (gone.code, kept.code, kept.left) == (1001, 0, False)

    asyncio.run(scene())


def test_rights_are_asked_often_enough_for_five_seconds() -> None:
    assert 1 <= hub.RIGHTS_EVERY * hub.SECOND <= 3, "a second may take longer while Redis is away"


def test_each_socket_hears_the_beat_in_its_own_second(quick_second: None, lasting_rights: None) -> None:
    topic = Topic.objects.create()

    async def scene() -> None:
        async with running_hub() as ours:
            await until(lambda: ours.vendor)
            watched = await ours.watch(topic.name)
            ears = [Ear(watched) for _ in range(40)]
            for ear in ears:
                ours.add(ear.listener)
            await until(lambda: all(ear.heard for ear in ears))
            told = [[len(ear.heard) for ear in ears]]
            while min(told[-1]) < min(told[0]) + 2:
                await until(lambda: [len(ear.heard) for ear in ears] != told[-1])
                told.append([len(ear.heard) for ear in ears])
            steps = [sum(after) - sum(before) for before, after in pairwise(told)]
            assert max(steps) <= 2 * 40 / hub.BEAT
            assert max(told[-1]) - min(told[-1]) <= 1

    asyncio.run(scene())


def test_stop_tells_every_socket(no_second: None) -> None:
    topic = Topic.objects.create()

    async def scene() -> None:
        async with running_hub() as ours:
            ear = Ear(await ours.watch(topic.name))
            ours.add(ear.listener)
        await until(lambda: ear.left)
        assert ear.code == 1001
        bell.ring(ring(topic.name, 2))

    asyncio.run(scene())


def test_ring_to_a_loop_that_ended_without_a_word_is_harmless(no_second: None) -> None:
    async def scene() -> hub.Hub:
        async with running_hub() as ours:
            return ours

    asyncio.run(scene()).hear(ring("a" * 26, 2))
