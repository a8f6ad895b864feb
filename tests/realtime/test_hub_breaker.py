"""Pages may use the vendor's stream while the breaker is closed, by what the hub last heard of it."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from realtime import breaker, switch
from realtime.breaker import Breaker, View
from tests.realtime.breaker_rig import calls, hurry, lapse
from tests.realtime.rig import frozen, running_hub, until

pytestmark = pytest.mark.django_db(transaction=True)


def test_pages_may_use_the_vendor_while_the_breaker_is_closed(
    live_redis: Any, guard: Breaker, quick_second: None
) -> None:
    async def scene() -> None:
        async with running_hub() as ours:
            await until(lambda: ours.vendor)
            fence = lapse(live_redis)
            calls(guard, fence, "xxxxx")
            await until(lambda: not ours.vendor)
            hurry(guard)
            guard.ask(fence)
            calls(guard, fence, ".")
            await until(lambda: ours.vendor)

    asyncio.run(scene())


def test_change_of_the_breaker_is_heard_at_once(live_redis: Any, guard: Breaker, no_second: None) -> None:
    async def scene() -> None:
        async with running_hub() as ours:
            await until(lambda: ours.vendor)
            calls(guard, lapse(live_redis), "xxxxx")
            ours.hear({"type": "gate"})
            await until(lambda: not ours.vendor, 1)

    asyncio.run(scene())


def test_last_word_of_the_breaker_holds_while_redis_is_away(
    live_redis: Any, quick_second: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[View | None] = []
    look = breaker.look

    def kept() -> View | None:
        looks.append(look())
        return looks[-1]

    async def scene() -> None:
        async with running_hub() as ours:
            await until(lambda: ours.vendor)
            with frozen(live_redis):
                await until(lambda: looks[-2:] == [None, None])
                assert ours.vendor

    monkeypatch.setattr(breaker, "look", kept)
    asyncio.run(scene())


def test_switch_does_not_wait_for_a_redis_that_is_away(no_second: None, monkeypatch: pytest.MonkeyPatch) -> None:
    is_away, back = threading.Event(), threading.Event()

    def look() -> View | None:
        return View() if not is_away.is_set() or back.wait(10) else None

    async def scene() -> None:
        async with running_hub() as ours:
            await until(lambda: ours.vendor)
            is_away.set()
            await sync_to_async(switch.flip)("off", by="olu", reason="drill")
            await until(lambda: not ours.vendor, 2)
            back.set()

    monkeypatch.setattr(breaker, "look", look)
    asyncio.run(scene())


def test_breaker_that_was_never_read_keeps_pages_from_the_vendor(
    quick_second: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[None] = []

    async def scene() -> None:
        async with running_hub() as ours:
            await until(lambda: len(looks) > 2)
            assert not ours.vendor

    monkeypatch.setattr(breaker, "look", lambda: looks.append(None))
    asyncio.run(scene())
