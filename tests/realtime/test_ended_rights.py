"""A device that is locked out loses its socket at once: told by the layer, or found by the hub's own second."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User

from clinic import access
from clinic.models import Clinic, Device
from clinic.services import devices, pairings
from realtime import bell, hub, rights
from realtime.models import Topic
from realtime.routing import application
from tests.factories import make_clinic, make_device, make_user
from tests.realtime.rig import NEVER, ORIGIN, Ear, Page, raised, ring, running_hub, until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("breaker_closed")]


@pytest.fixture(autouse=True)
def rights_not_asked_by_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "RIGHTS_EVERY", 10**9)


@pytest.fixture
def clinic() -> Clinic:
    return make_clinic()


@pytest.fixture
def ana(clinic: Clinic) -> User:
    return make_user("ana", clinic)


def seat(device: Device, token: str) -> tuple[bytes, bytes]:
    return b"cookie", f"{access.cookie_name(device.kind)}={token}".encode()


def closed_after(clinic: Clinic, lost: tuple[Device, str], end: Any) -> float:
    """Seconds from `end` until the socket of the device is closed; that of another device stays open."""
    kept = make_device(clinic, "monitor", "Kept")

    async def scene() -> float:
        async with running_hub() as ours:
            app = application(ours, None)
            pages = [Page(app, clinic.topic.name, ORIGIN, seat(*one)) for one in (lost, kept)]
            await until(lambda: all(page.heard for page in pages))
            # The look at the start is over.
            await until(lambda: ours._seconds > 0 or hub.SECOND == NEVER)
            begun = time.monotonic()
            await sync_to_async(end)()
            await asyncio.wait_for(pages[0].closed.wait(), 5)
            took = time.monotonic() - begun
            assert pages[0].code == 1001 and not pages[1].closed.is_set()
            for page in pages:
                await page.leave()
            return took

    return asyncio.run(scene())


def test_revoked_device_is_closed_within_a_second(clinic: Clinic) -> None:
    """In the process that revokes it, whether Redis is there or not."""
    device, token = make_device(clinic, "monitor")
    assert closed_after(clinic, (device, token), lambda: devices.revoke(device)) < 1


def test_browser_that_is_replaced_is_closed_within_a_second(clinic: Clinic, ana: User) -> None:
    device, token = make_device(clinic, "monitor")
    asks, _secret = pairings.offer("monitor", "")
    end = lambda: pairings.enter(clinic, asks.code, ana, replaces=device)  # noqa: E731
    assert closed_after(clinic, (device, token), end) < 1


def test_other_processes_hear_it_by_the_layer(live_redis: Any, clinic: Clinic, no_second: None) -> None:
    device, token = make_device(clinic, "monitor")

    def revoke_elsewhere() -> None:
        until_subscribed(live_redis)
        bell.connect(None)
        devices.revoke(device)

    assert closed_after(clinic, (device, token), revoke_elsewhere) < 1


def until_subscribed(live_redis: Any) -> None:
    end = time.monotonic() + 5
    while live_redis.pubsub_numsub("evenkeel__group__hubs")[0][1] != 1:
        assert time.monotonic() < end
        time.sleep(0.01)


def test_other_processes_find_it_by_themselves_without_redis(clinic: Clinic) -> None:
    device, token = make_device(clinic, "monitor")

    def revoke_elsewhere() -> None:
        bell.connect(None)
        devices.revoke(device)

    # One look a second, and what the look takes.
    assert closed_after(clinic, (device, token), revoke_elsewhere) < hub.SECOND + 0.5


def test_change_that_a_ring_told_of_costs_no_look_at_rights(
    clinic: Clinic, quick_second: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    monkeypatch.setattr(rights, "ended", lambda grants: asked.append(len(grants)) or set())
    topic = Topic.objects.create()

    async def scene() -> None:
        async with running_hub() as ours:
            await until(lambda: ours._seconds > 1)
            ear = Ear(await ours.watch(topic.name))
            ours.add(ear.listener)
            bell.ring(ring(topic.name, 2))
            await until(lambda: 2 in ear.versions())
            await raised(topic)
            before = ours._seconds
            await until(lambda: ours._seconds > before + 2)
            assert asked == []
            await raised(topic)
            await until(lambda: asked == [1])

    asyncio.run(scene())


def test_rights_that_cannot_be_read_are_asked_for_again_later(
    clinic: Clinic, no_second: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[Any] = [RuntimeError("the database is away"), {"gone"}]

    def ended(grants: object) -> Any:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(rights, "ended", ended)
    topic = Topic.objects.create()

    async def scene() -> None:
        async with running_hub() as ours:
            await until(lambda: ours.vendor)
            gone = Ear(await ours.watch(topic.name), "gone")
            ours.add(gone.listener)
            bell.ring({"type": "rights", "topics": [topic.name, "a" * 26]})
            await until(lambda: len(answers) == 1)
            assert not gone.left
            bell.ring({"type": "rights", "topics": [topic.name]})
            await until(lambda: gone.left)

    asyncio.run(scene())
