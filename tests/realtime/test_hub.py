"""The hub: newest wins, the SQL second as the floor, the layer as the bell, and what it forgets."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import Error

from realtime import bell, hub, look, rights, switch
from realtime.hub import Listener
from realtime.models import Topic
from tests.realtime.rig import raised, ring, running_hub, until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("breaker_closed")]


def fail(*_args: object) -> Any:
    raise Error("the database is away")


async def heard(name: str, version: int) -> None:
    """Rings; the hub takes it on this loop's next turn, before this goes on."""
    bell.ring(ring(name, version))
    await asyncio.sleep(0)


def test_second_is_a_second() -> None:
    assert hub.SECOND == 1.0


def test_ring_keeps_the_newest_and_wakes_only_for_newer(no_second: None) -> None:
    topic = Topic.objects.create(version=5)

    async def scene() -> None:
        async with running_hub() as ours:
            # The look at the start, which may wake listeners, is over.
            await until(lambda: ours.vendor)
            watched = await ours.watch(topic.name)
            assert watched is not None
            listener = Listener("grant")
            ours.add(topic.name, listener)
            for version, wakes in [(7, True), (6, False), (7, False), (8, True)]:
                await heard(topic.name, version)
                assert (watched.version, listener.wake.is_set()) == (max(7, version), wakes)
                listener.wake.clear()

    asyncio.run(scene())


def test_ring_for_a_topic_nobody_watches_is_dropped(no_second: None) -> None:
    async def scene() -> None:
        async with running_hub() as ours:
            await heard("a" * 26, 9)
            assert ours.topics == {}

    asyncio.run(scene())


def test_sql_second_alone_finds_a_change(quick_second: None) -> None:
    topic = Topic.objects.create()

    async def scene() -> None:
        async with running_hub() as ours:
            watched = await ours.watch(topic.name)
            assert watched is not None
            listener = Listener("grant")
            ours.add(topic.name, listener)
            await raised(topic)
            await until(lambda: watched.version == 2)
            assert listener.wake.is_set()

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
            listener = Listener("grant")
            watched = [await ours.watch(topic.name) for topic in (kept, polled)]
            ours.add(kept.name, listener)
            await raised(polled)
            await until(lambda: ours.topics[polled.name].version == 2)
            for one in watched:
                assert one and 0 < one.until - time.monotonic() <= 60
                one.until = time.monotonic()
            await until(lambda: set(ours.topics) == {kept.name})
            ours.remove(kept.name, listener)
            await until(lambda: not ours.topics)

    asyncio.run(scene())


def test_vendor_flag_follows_the_switch_by_the_second(quick_second: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bell, "ring", lambda message: None)
    topic = Topic.objects.create()

    async def scene() -> None:
        async with running_hub() as ours:
            assert not ours.vendor
            await until(lambda: ours.vendor)
            listener = Listener("grant")
            await ours.watch(topic.name)
            ours.add(topic.name, listener)
            await sync_to_async(switch.flip)("off", by="olu", reason="slow")
            await until(lambda: not ours.vendor)
            assert listener.wake.is_set()
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
            gone, kept = Listener("gone"), Listener("kept")
            await ours.watch(topic.name)
            ours.add(topic.name, gone)
            ours.add(topic.name, kept)
            await until(lambda: gone.ended)
            assert gone.wake.is_set()
            assert not kept.ended

    asyncio.run(scene())


def test_rights_are_asked_every_five_seconds() -> None:
    assert hub.RIGHTS_EVERY * hub.SECOND == 5


def test_each_listener_hears_the_beat(quick_second: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rights, "ended", lambda grants: set())
    topic = Topic.objects.create()

    async def scene() -> None:
        async with running_hub() as ours:
            await until(lambda: ours.vendor)
            await ours.watch(topic.name)
            listeners = [Listener("grant") for _ in range(40)]
            for listener in listeners:
                ours.add(topic.name, listener)
            await until(lambda: all(listener.wake.is_set() for listener in listeners))

    asyncio.run(scene())


def test_stop_tells_every_listener(no_second: None) -> None:
    topic, listener = Topic.objects.create(), Listener("grant")

    async def scene() -> None:
        async with running_hub() as ours:
            await ours.watch(topic.name)
            ours.add(topic.name, listener)
        assert listener.ended
        bell.ring(ring(topic.name, 2))

    asyncio.run(scene())


def test_ring_to_a_loop_that_ended_without_a_word_is_harmless(no_second: None) -> None:
    async def scene() -> hub.Hub:
        async with running_hub() as ours:
            return ours

    asyncio.run(scene()).hear(ring("a" * 26, 2))
