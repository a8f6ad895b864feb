"""`/live/<topic>/`: the floor, answered from memory before Django; and the hub's life with the server."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client

from clinic import rights as clinic_rights
from realtime import bell, hub, look, switch
from realtime.hub import Hub
from realtime.models import Topic
from realtime.routing import application
from tests.factories import make_clinic, make_user
from tests.realtime.rig import ORIGIN, Page, running_hub, until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("breaker_closed")]


class Django:
    """Stands for the pages: notes what it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.asked.append(scope["path"])


def blind(names: Sequence[str]) -> look.Seen:
    """A look at a database that does not answer."""
    raise OperationalError


async def get(app: Any, path: str, method: str = "GET") -> tuple[int, dict[str, str], dict[str, Any]]:
    """Status, headers and the JSON answer."""
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app({"type": "http", "method": method, "path": path, "headers": []}, None, send)
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    assert headers["content-length"] == str(len(sent[1]["body"]))
    return sent[0]["status"], headers, json.loads(sent[1]["body"])


def test_live_answers_version_vendor_and_now() -> None:
    topic = Topic.objects.create(version=7)

    async def scene() -> None:
        async with running_hub() as ours:
            app = application(ours, Django())
            await until(lambda: ours.vendor)
            status, headers, body = await get(app, f"/live/{topic.name}/")
            assert (status, headers["cache-control"]) == (200, "no-store")
            assert headers["content-type"] == "application/json"
            assert abs(body.pop("now") / 1000 - time.time()) < 1
            assert body == {"version": 7, "vendor": True}
            bell.ring({"type": "notices", "notices": [[topic.name, 9]]})
            await asyncio.sleep(0.02)
            assert (await get(app, f"/live/{topic.name}/"))[2]["version"] == 9

    asyncio.run(scene())


@pytest.mark.parametrize("off", [300.0, -300.0])
def test_time_is_the_databases_where_it_has_a_clock(monkeypatch: pytest.MonkeyPatch, off: float) -> None:
    topic, real = Topic.objects.create(), time.time
    monkeypatch.setattr(time, "time", lambda: real() + off)

    async def scene() -> None:
        async with running_hub() as ours:
            await until(lambda: ours.vendor)
            body = (await get(application(ours, Django()), f"/live/{topic.name}/"))[2]
            wrong_by = body["now"] / 1000 - real()
            assert abs(wrong_by - (0 if connection.vendor == "postgresql" else off)) < 5

    asyncio.run(scene())


def test_pages_are_told_the_time_of_the_clock_that_the_look_found(monkeypatch: pytest.MonkeyPatch) -> None:
    topic, at = Topic.objects.create(), look.at
    monkeypatch.setattr(look, "at", lambda names: replace(at(names), ahead=300.0))

    async def scene() -> None:
        async with running_hub() as ours:
            await until(lambda: ours.vendor)
            watched = await ours.watch(topic.name)
            assert watched and abs(json.loads(ours.text(watched))["now"] / 1000 - time.time() - 300) < 5

    asyncio.run(scene())


def test_live_asks_the_database_once_a_topic(monkeypatch: pytest.MonkeyPatch) -> None:
    topic = Topic.objects.create()
    reads: list[str] = []
    version_of = look.version_of

    def read(name: str) -> int | None:
        reads.append(name)
        return version_of(name)

    monkeypatch.setattr(look, "version_of", read)

    async def scene() -> None:
        async with running_hub() as ours:
            app = application(ours, Django())
            for _ in range(20):
                assert (await get(app, f"/live/{topic.name}/"))[0] == 200

    asyncio.run(scene())
    assert reads == [topic.name]


def test_live_of_an_unknown_topic_is_404_and_not_kept() -> None:
    async def scene() -> None:
        async with running_hub() as ours:
            status, _, body = await get(application(ours, Django()), f"/live/{'a' * 26}/")
            assert (status, body) == (404, {"error": "no such topic"})
            assert ours.topics == {}

    asyncio.run(scene())


def test_live_without_a_database_is_503_until_known(monkeypatch: pytest.MonkeyPatch) -> None:
    known, other = Topic.objects.create(), Topic.objects.create()

    def fail(name: str) -> None:
        raise OperationalError

    async def scene() -> None:
        async with running_hub() as ours:
            app = application(ours, Django())
            assert (await get(app, f"/live/{known.name}/"))[0] == 200
            monkeypatch.setattr(look, "version_of", fail)
            assert (await get(app, f"/live/{other.name}/"))[0] == 503
            assert (await get(app, f"/live/{known.name}/"))[0] == 200

    asyncio.run(scene())


def test_live_is_503_while_the_hub_cannot_look_at_the_database(
    quick_second: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic, at = Topic.objects.create(), look.at
    monkeypatch.setattr(hub, "LOOK_GOOD_FOR", 0.5)

    async def scene() -> None:
        async with running_hub() as ours:
            app = application(ours, Django())

            async def answers(wanted: int) -> None:
                async with asyncio.timeout(5):
                    while (await get(app, f"/live/{topic.name}/"))[0] != wanted:
                        await asyncio.sleep(0.01)

            await answers(200)
            monkeypatch.setattr(look, "at", blind)
            await answers(503)
            monkeypatch.setattr(look, "at", at)
            await answers(200)

    asyncio.run(scene())


def test_new_socket_is_turned_away_while_the_hub_cannot_look_at_the_database(
    quick_second: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = Topic.objects.create()
    monkeypatch.setattr(hub, "LOOK_GOOD_FOR", 0.5)
    monkeypatch.setattr(clinic_rights, "may_listen", lambda topic, cookies, user: "grant")
    monkeypatch.setattr(clinic_rights, "ended", lambda grants: set())

    async def scene() -> None:
        async with running_hub() as ours:
            app = application(ours, Django())
            early = Page(app, topic.name, ORIGIN)
            await until(early.accepted.is_set)
            monkeypatch.setattr(look, "at", blind)
            await until(lambda: time.monotonic() > ours._good_until)
            late = Page(app, topic.name, ORIGIN)
            await until(late.closed.is_set)
            assert not late.accepted.is_set()
            assert not early.closed.is_set()
            await early.leave()

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", f"/live/{'a' * 26}/"),
        ("GET", "/live/short/"),
        ("GET", f"/live/{'a' * 26}/\n"),
        ("GET", f"/x/live/{'a' * 26}/"),
        ("GET", "/kiosk/"),
    ],
)
def test_everything_else_is_for_django(method: str, path: str) -> None:
    pages = Django()
    scope = {"type": "http", "method": method, "path": path, "headers": []}
    asyncio.run(application(Hub(), pages)(scope, None, None))
    assert pages.asked == [path]


def test_hub_lives_as_long_as_the_server() -> None:
    async def scene() -> None:
        ours = Hub()
        events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        said: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        life = asyncio.create_task(application(ours, None)({"type": "lifespan"}, events.get, said.put))
        events.put_nowait({"type": "lifespan.startup"})
        assert (await said.get())["type"] == "lifespan.startup.complete"
        await until(lambda: ours.vendor)
        events.put_nowait({"type": "lifespan.shutdown"})
        assert (await said.get())["type"] == "lifespan.shutdown.complete"
        await life
        assert all(task.done() for task in ours._tasks)

    asyncio.run(scene())


def test_vendor_stream_is_for_members_while_the_gate_is_open(client: Client) -> None:
    clinic = make_clinic()
    address = f"/live/{clinic.topic.name}/vendor/"
    assert client.get(address).status_code == 404
    client.force_login(make_user("ana", clinic))
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer.json()["seconds"] == 600
    assert f"channels=evenkeel:{clinic.topic.name}&" in answer.json()["url"]
    assert "no-store" in answer["cache-control"]
    switch.flip("off", by="olu", reason="slow")
    shut = client.get(address)
    assert (shut.status_code, shut.json()) == (409, {"error": "off by olu: slow"})
