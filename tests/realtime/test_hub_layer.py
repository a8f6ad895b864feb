"""The hub and the Channels layer: Redis there, talking nonsense, killed, frozen, late."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from channels.layers import get_channel_layer

from realtime import bell, hub, redis_link
from realtime.broadcast import Watched
from realtime.models import Topic
from realtime.transports import channels
from tests.own_valkey import OwnValkey
from tests.realtime.rig import NEVER, frozen, raised, ring, running_hub, until

pytestmark = pytest.mark.django_db(transaction=True)


@asynccontextmanager
async def watching_hub(topic: Topic) -> AsyncIterator[Watched]:
    """A running hub, and what it knows of the topic."""
    async with running_hub() as ours:
        watched = await ours.watch(topic.name)
        assert watched is not None
        yield watched


def subscribed(client: Any) -> bool:
    """Whether the hub hears the layer."""
    return bool(client.pubsub_numsub("evenkeel__group__hubs")[0][1] == 1)


def test_layer_alone_rings(live_redis: Any, no_second: None) -> None:
    topic = Topic.objects.create()

    async def scene() -> None:
        async with watching_hub(topic) as watched:
            await until(lambda: subscribed(live_redis))
            assert channels.tell_hubs(ring(topic.name, 2)).result(2)
            await until(lambda: watched.version == 2)

    asyncio.run(scene())


def test_message_that_makes_no_sense_does_not_deafen_the_hub(live_redis: Any, no_second: None) -> None:
    topic = Topic.objects.create()

    async def scene() -> None:
        async with watching_hub(topic) as watched:
            await until(lambda: subscribed(live_redis))
            live_redis.publish("evenkeel__group__hubs", b"\xc1 not a message")
            for nonsense in ({"type": "notices"}, {"type": "notices", "notices": [[1]]}, {}):
                channels.tell_hubs(nonsense)
            assert channels.tell_hubs(ring(topic.name, 2)).result(2)
            await until(lambda: watched.version == 2)

    asyncio.run(scene())


def test_hub_hears_again_after_redis_was_killed_and_is_back(own_valkey: OwnValkey, no_second: None) -> None:
    topic = Topic.objects.create()

    async def scene() -> None:
        async with watching_hub(topic) as watched:

            async def heard(version: int) -> None:
                while watched.version < version:
                    redis_link.thread._alone_until = 0
                    channels.tell_hubs(ring(topic.name, version))
                    await asyncio.sleep(0.05)

            await asyncio.wait_for(heard(2), 2)
            own_valkey.kill()
            await asyncio.sleep(0.3)
            own_valkey.start()
            await asyncio.wait_for(heard(3), 4)

    asyncio.run(scene())


def test_hub_started_without_redis_hears_once_it_is_there(own_valkey: OwnValkey, monkeypatch: Any) -> None:
    monkeypatch.setattr(hub, "SECOND", 0.1)
    own_valkey.kill()

    async def scene() -> None:
        async with running_hub():
            await asyncio.sleep(0.4)
            layer: Any = get_channel_layer()
            assert len(layer.channels) <= 1
            own_valkey.start()
            client = redis_link.client()
            await until(lambda: subscribed(client), 4)
            assert len(layer.channels) == len(layer.groups["evenkeel__group__hubs"]) == 1

    asyncio.run(scene())


def test_half_a_subscription_is_undone(live_redis: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "SECOND", 0.05)
    failures = [ConnectionError(), ConnectionError()]

    async def scene() -> None:
        layer: Any = get_channel_layer()
        shard = layer._get_shard("any")
        subscribe = shard.subscribe

        async def subscribe_badly(name: str) -> None:
            if "__group__" in name and failures:
                raise failures.pop()
            await subscribe(name)

        monkeypatch.setattr(shard, "subscribe", subscribe_badly)
        async with running_hub():
            await until(lambda: subscribed(live_redis))
            assert len(layer.channels) == len(layer.groups["evenkeel__group__hubs"]) == 1

    asyncio.run(scene())


def test_stop_while_a_subscription_is_being_undone_ends(no_second: None, monkeypatch: pytest.MonkeyPatch) -> None:
    class Layer:
        undoing = asyncio.Event()

        async def new_channel(self) -> str:
            raise ConnectionError

        async def flush(self) -> None:
            # As the library's: it takes a cancellation for its own.
            self.undoing.set()
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(NEVER)

    monkeypatch.setattr(hub, "get_channel_layer", Layer)

    async def scene() -> None:
        async with running_hub() as ours:
            await Layer.undoing.wait()
            for task in ours._tasks:
                task.cancel()
            done, _ = await asyncio.wait(ours._tasks, timeout=1)
            assert len(done) == len(ours._tasks)

    asyncio.run(scene())


def test_frozen_redis_holds_neither_the_hub_nor_its_end(live_redis: Any, quick_second: None) -> None:
    topic = Topic.objects.create()

    async def scene() -> float:
        async with watching_hub(topic) as watched:
            await until(lambda: subscribed(live_redis))
            with frozen(live_redis):
                await raised(topic)
                assert await until(lambda: watched.version == 2) < 1
                begun = time.monotonic()
                await asyncio.get_running_loop().run_in_executor(None, bell.ring, ring(topic.name, 3))
                await until(lambda: watched.version == 3)
                return begun

    begun = asyncio.run(scene())
    assert time.monotonic() - begun < 2
