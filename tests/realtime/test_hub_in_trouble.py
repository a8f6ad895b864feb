"""A hub that ends as it begins, a database that says nothing, and errors at the door: each ends well."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import Error, InterfaceError

from realtime import heartbeats, look, obedience, rights
from realtime.hub import Hub
from realtime.routing import application
from realtime.sockets import FORBIDDEN
from tests.factories import make_clinic
from tests.realtime.rig import ORIGIN, Page, running_hub, until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("breaker_closed")]


def fail(*_args: object) -> Any:
    raise Error("the database is away")


def test_hub_that_is_stopped_as_it_begins_ends_each_time() -> None:
    async def scene(pause: float) -> None:
        ours = Hub()
        await ours.start()
        await asyncio.sleep(pause)
        await asyncio.wait_for(ours.stop(), 5)

    for step in range(20):
        asyncio.run(scene(step * 0.0003))


def test_word_on_the_switch_is_given_while_the_database_says_nothing(
    live_redis: Any, quick_second: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene() -> None:
        async with running_hub() as ours:
            await until(lambda: ours.vendor)
            monkeypatch.setattr(look, "at", fail)
            await sync_to_async(live_redis.delete)(heartbeats.BEATS)
            await until(lambda: obedience.count(0).of == 1)

    asyncio.run(scene())


@pytest.mark.parametrize("error", [Error("away"), InterfaceError("connection already closed")])
def test_any_error_of_the_database_at_the_door_turns_a_page_away(monkeypatch: Any, error: Exception) -> None:
    def refuse(*_args: object) -> Any:
        raise error

    async def scene() -> None:
        topic = await sync_to_async(lambda: make_clinic().topic.name)()
        async with running_hub() as ours:
            page = Page(application(ours, None), topic, ORIGIN)
            await asyncio.wait_for(page.closed.wait(), 5)
            assert page.code == FORBIDDEN
            await page.task

    monkeypatch.setattr(rights, "may_listen", refuse)
    asyncio.run(scene())
