"""Django under ASGI: one visit to a kept thread a request; nothing leaks on it, and no slow client holds it."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.signals import request_finished
from django.db import connection, connections
from django.db.backends.signals import connection_created
from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.utils import timezone, translation
from django.views.decorators.csrf import csrf_exempt

from clinic.handler import LARGEST_BODY, Handler
from realtime.models import Topic
from tests.realtime.rig import until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls(__name__)]
doors = threading.Event()
inside: list[int] = []


def about(request: HttpRequest) -> HttpResponse:
    """What this request finds, and leaves behind on its thread."""
    found = {
        "thread": threading.get_ident(),
        "language": translation.get_language(),
        "zone": timezone.get_current_timezone_name(),
        "topics": Topic.objects.count(),
        "autocommit": connection.get_autocommit(),
    }
    translation.activate("es")
    timezone.activate("America/Chicago")
    return JsonResponse(found)


def held(request: HttpRequest) -> HttpResponse:
    inside.append(threading.get_ident())
    assert doors.wait(10)
    return HttpResponse("let go")


@csrf_exempt
def echo(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.body)


def failed(request: HttpRequest) -> HttpResponse:
    connection.set_autocommit(False)
    raise ValueError("in the middle of a transaction")


def streamed(request: HttpRequest) -> Any:
    return FileResponse((part for part in (b"one ", b"two ", b"three")), content_type="text/plain")


urlpatterns = [path(view.__name__, view) for view in (about, held, echo, failed, streamed)]


class Client:
    """The server's side of one HTTP request. `whole`: the body is complete."""

    def __init__(self, app: Any, path: str, body: bytes = b"", *, whole: bool = True) -> None:
        self.sent: list[dict[str, Any]] = []
        self.reads = asyncio.Event()
        self.reads.set()
        self.inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.say(body, more=not whole)
        scope = {"type": "http", "method": "POST" if body else "GET", "path": path, "query_string": b""}
        scope |= {"headers": [(b"host", b"127.0.0.1:8000")]}
        self.task = asyncio.create_task(app(scope, self.inbox.get, self.take))

    def say(self, part: bytes, more: bool = False) -> None:
        self.inbox.put_nowait({"type": "http.request", "body": part, "more_body": more})

    def vanish(self) -> None:
        self.inbox.put_nowait({"type": "http.disconnect"})

    async def take(self, message: dict[str, Any]) -> None:
        await self.reads.wait()
        self.sent.append(message)

    async def answer(self) -> tuple[int, bytes]:
        await asyncio.wait_for(self.task, 10)
        return self.sent[0]["status"], b"".join(part["body"] for part in self.sent[1:])

    async def json(self) -> dict[str, Any]:
        status, body = await self.answer()
        assert status == 200
        found: dict[str, Any] = json.loads(body)
        return found


@pytest.fixture(autouse=True)
def closed_doors() -> None:
    doors.clear()
    inside.clear()


@pytest.fixture
def one_thread() -> Iterator[Handler]:
    handler = Handler(threads=1)
    yield handler
    handler.pool.submit(connections.close_all)
    handler.pool.shutdown()


def test_nothing_of_one_request_reaches_the_next_on_its_thread(one_thread: Handler) -> None:
    async def scene() -> None:
        first = await Client(one_thread, "/about").json()
        assert await Client(one_thread, "/about").json() == first
        assert (first["language"], first["zone"]) == ("en", "UTC")

    asyncio.run(scene())


def test_thread_keeps_its_database_connection(one_thread: Handler) -> None:
    opened: list[int] = []

    def note(**_said: Any) -> None:
        opened.append(threading.get_ident())

    async def scene() -> None:
        connection_created.connect(note)
        threads = [(await Client(one_thread, "/about").json())["thread"] for _ in range(3)]
        assert opened == threads[:1]

    asyncio.run(scene())
    assert (connection.settings_dict["CONN_MAX_AGE"], connection.settings_dict["CONN_HEALTH_CHECKS"]) == (60, True)


def test_connection_left_in_the_middle_of_a_transaction_serves_nobody_else(one_thread: Handler) -> None:
    async def scene() -> None:
        assert (await Client(one_thread, "/failed").answer())[0] == 500
        assert (await Client(one_thread, "/about").json())["autocommit"]

    asyncio.run(scene())


def test_request_ends_on_the_thread_of_its_view(one_thread: Handler) -> None:
    ended: list[int] = []

    def note(**_said: Any) -> None:
        ended.append(threading.get_ident())

    async def scene() -> None:
        request_finished.connect(note)
        assert ended == [] and [(await Client(one_thread, "/about").json())["thread"]] == ended

    asyncio.run(scene())


def test_file_is_sent_whole(one_thread: Handler) -> None:
    async def scene() -> None:
        client = Client(one_thread, "/streamed")
        assert await client.answer() == (200, b"one two three")
        assert (b"Content-Type", b"text/plain") in client.sent[0]["headers"]

    asyncio.run(scene())


def test_slow_sender_and_slow_reader_hold_no_thread(one_thread: Handler) -> None:
    async def scene() -> None:
        sender, reader = Client(one_thread, "/echo", b"half", whole=False), Client(one_thread, "/echo", b"kept")
        reader.reads.clear()
        assert (await Client(one_thread, "/echo", b"quick").answer()) == (200, b"quick")
        assert not sender.task.done() and not reader.task.done()
        reader.reads.set()
        sender.say(b" and half")
        assert [(await one.answer())[1] for one in (reader, sender)] == [b"kept", b"half and half"]

    asyncio.run(scene())


def test_client_that_vanishes_before_its_body_is_whole_asks_nothing(one_thread: Handler) -> None:
    async def scene() -> None:
        client = Client(one_thread, "/echo", b"half", whole=False)
        client.vanish()
        await asyncio.wait_for(client.task, 5)
        assert client.sent == []

    asyncio.run(scene())


def test_no_more_requests_at_a_time_than_threads_and_the_rest_wait_in_line() -> None:
    """Also when the client of one has vanished: its view runs to its end."""
    handler = Handler(threads=2)

    async def scene() -> None:
        clients = [Client(handler, "/held") for _ in range(3)]
        await until(lambda: len(inside) == 2)
        clients[0].vanish()
        await asyncio.sleep(0.1)
        assert len(inside) == 2
        doors.set()
        assert [await client.answer() for client in clients] == [(200, b"let go")] * 3
        assert len(inside) == 3 and len(set(inside)) == 2

    asyncio.run(scene())
    handler.pool.shutdown()


def test_alive_is_said_while_every_thread_is_held(one_thread: Handler) -> None:
    async def scene() -> None:
        first = Client(one_thread, "/held")
        await until(lambda: inside)
        assert await Client(one_thread, "/healthz").json() == {"alive": True}
        doors.set()
        await first.answer()

    asyncio.run(scene())


def test_page_that_nobody_waits_for_any_more_is_not_made_but_a_post_is_done(one_thread: Handler) -> None:
    async def scene() -> None:
        first = Client(one_thread, "/held")
        await until(lambda: inside)
        left, posted = Client(one_thread, "/held"), Client(one_thread, "/echo", b"checked in")
        for client in (left, posted):
            client.vanish()
        await until(lambda: left.inbox.empty() and posted.inbox.empty())
        doors.set()
        await first.answer()
        assert (await posted.answer())[1] == b"checked in"
        await asyncio.wait_for(left.task, 10)
        assert left.sent == [] and len(inside) == 1

    asyncio.run(scene())


@pytest.mark.urls("clinic.urls")
def test_body_larger_than_any_form_is_refused_before_it_is_kept(one_thread: Handler) -> None:
    """Without its length said beforehand, and without an end."""

    async def scene() -> None:
        client = Client(one_thread, "/login/", b"x" * LARGEST_BODY, whole=False)
        client.say(b"x", more=True)
        assert (await client.answer())[0] == 413
        assert (b"Connection", b"close") in client.sent[0]["headers"]
        assert (await Client(one_thread, "/login/", b"x" * LARGEST_BODY).answer())[0] != 413

    asyncio.run(scene())
