"""Django's ASGI application: a request is one visit to a kept thread; also one that Django cannot even begin."""

from __future__ import annotations

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from contextvars import copy_context
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestAborted, SuspiciousOperation
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.handlers.base import BaseHandler
from django.core.signals import request_started
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import set_script_prefix

from clinic.readiness import Watch
from clinic.views import errors, machines, ops

# At most, and made when needed; each keeps a database connection, of which a server has a hundred, for a while.
THREADS = 16

# How long most pages take at most, in seconds.
QUICK = 0.3

ALIVE, READY, SERVES, FIGURES, OPERATIONS = "/healthz", "/readyz", "/serves/", "/metrics", "/ops/"
# Bytes: what is more than any form of ours is not kept, in memory or on the disk. As in our nginx.conf.
LARGEST_BODY = 1024 * 1024
NOT_ASCII = re.compile(rb"[\x80-\xff]")


class Receiving:
    """`receive` of one request. A body that is larger than any of ours ends as if its client had left."""

    def __init__(self, receive: Any) -> None:
        self.receive, self.read = receive, 0

    @property
    def is_too_large(self) -> bool:
        return self.read > LARGEST_BODY

    async def __call__(self) -> Any:
        message = await self.receive()
        self.read += len(message.get("body", b""))
        return {"type": "http.disconnect"} if self.is_too_large else message


@dataclass
class Visit:
    """A request that waits for a thread, or has one."""

    scope: Any
    body: Any
    has_left: bool = False
    without_database: bool = False

    @property
    def is_of_trouble(self) -> bool:
        """What people and machines look at when something is wrong."""
        path: str = self.scope["path"]
        return path == FIGURES or path.startswith(OPERATIONS)

    @property
    def is_in_vain(self) -> bool:
        """Nobody waits for this page any more, and screens that ask again lengthen the line. A POST is done."""
        return self.has_left and self.scope["method"] in ("GET", "HEAD")

    async def watch(self, receive: Any) -> None:
        """Notes when the client leaves."""
        while (await receive())["type"] != "http.disconnect":
            pass
        self.has_left = True


class Handler(ASGIHandler):
    """Every address but the sockets and the floor.

    All our middleware and views are synchronous. Django's own way would take each request to a thread that is made
    for it, and back to the event loop and over again for most middleware; that costs more than most pages.
    """

    def __init__(self, threads: int = THREADS) -> None:
        BaseHandler.__init__(self)
        self.load_middleware(is_async=False)
        self.watch = Watch()
        self.pool = ThreadPoolExecutor(threads, thread_name_prefix="request")
        # For what asks the database nothing: no thread of it is ever held by one that hangs.
        self.spare = ThreadPoolExecutor(1, thread_name_prefix="without-database")

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """The body is read before a thread is taken and the answer sent after: no slow client holds one."""
        if scope["path"] == ALIVE:
            # By no thread: a process is alive, too, while a database that hangs holds them all.
            await self.send_response(ops.healthz(_blank(scope)), send)
            return
        if scope["path"] == READY:
            await self.send_response(machines.readyz(_blank(scope), await self.watch.look_at_all()), send)
            return
        if scope["path"] == SERVES:
            await self.send_response(machines.serves(_blank(scope), await self.watch.look()), send)
            return
        try:
            body = await self.read_body(receiving := Receiving(receive))
        except RequestAborted:
            if receiving.is_too_large:
                await self.send_response(errors.too_large(_blank(scope)), send)
            return
        visit = Visit(scope, body)
        leaving = asyncio.create_task(visit.watch(receive))
        try:
            response = await (self._tell_of_trouble(visit) if visit.is_of_trouble else self._begin(visit))
        finally:
            leaving.cancel()
        if response is not None:
            await self.send_response(response, send)

    def _begin(self, visit: Visit) -> asyncio.Future[HttpResponse | None]:
        # A context of its own: no language or time zone of one request reaches the next on its thread.
        pool = self.spare if visit.without_database else self.pool
        return asyncio.get_running_loop().run_in_executor(pool, copy_context().run, self._respond, visit)

    async def _tell_of_trouble(self, visit: Visit) -> HttpResponse | None:
        """As any other, unless the database is away or hangs: then what can be said without it, and soon."""
        if self.watch.database_answers or (await self.watch.look()).database_answers:
            doing = self._begin(visit)
            while not (await asyncio.wait([doing], timeout=QUICK))[0]:
                if not (await self.watch.look()).database_answers and not doing.done():
                    # Its thread is held until the database lets it go; one that still waits for a thread goes.
                    visit.has_left = True
                    break
            else:
                return doing.result()
        else:
            visit.body.close()
        return await self._begin(Visit(visit.scope, BytesIO(), without_database=True))

    def _respond(self, visit: Visit) -> HttpResponse | None:
        with closing(visit.body):
            if visit.is_in_vain:
                return None
            set_script_prefix(get_script_prefix(visit.scope))
            request_started.send(sender=type(self), scope=visit.scope)
            request, response = self.create_request(visit.scope, visit.body)
            if request is not None:
                request.without_database = visit.without_database
                response = self.get_response(request)
            # The request ends here, on the thread that has its database connection.
            with closing(response):
                return _whole(response)

    def create_request(self, scope: Any, body_file: Any) -> Any:
        """(request, None), or None and what to answer in its place."""
        # Bytes that should have been percent-encoded; Django decodes those, and fails on these.
        query = NOT_ASCII.sub(lambda byte: b"%%%02X" % byte[0][0], scope["query_string"])
        scope = {**(_by_our_name(scope) if scope["path"] == FIGURES else scope), "query_string": query}
        try:
            return super().create_request(scope, body_file)
        except (ValueError, SuspiciousOperation):
            # A character set with a NUL in its name, written as RFC 2231 allows: Python's look-up fails on it. And
            # a query with more fields than we take, which is read here already where there is a character set.
            return None, errors.bad_request(_blank(scope))


def _whole(response: HttpResponseBase) -> HttpResponse:
    """An answer with its whole body in memory: files are read on this thread, not between sends."""
    if isinstance(response, HttpResponse):
        return response
    whole = HttpResponse(b"".join(response), status=response.status_code)
    whole.headers, whole.cookies = response.headers, response.cookies
    return whole


def _by_our_name(scope: Any) -> Any:
    """As if it were asked by the public name: monitoring asks each process by its own address, of many."""
    others = [(name, value) for name, value in scope["headers"] if name != b"host"]
    return {**scope, "headers": [*others, (b"host", settings.ALLOWED_HOSTS[0].encode())]}


def _blank(scope: Any) -> HttpRequest:
    request = HttpRequest()
    request.path, request.method = scope["path"], scope["method"]
    return request
