"""Django's ASGI application: a request is one visit to a kept thread; also one that Django cannot even begin."""

from __future__ import annotations

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

from django.core.exceptions import RequestAborted, SuspiciousOperation
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.handlers.base import BaseHandler
from django.core.signals import request_started
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import set_script_prefix

from clinic.views import errors

# At most, and made when needed; each keeps a database connection, of which a server has a hundred, for a while.
THREADS = 16

NOT_ASCII = re.compile(rb"[\x80-\xff]")


class Handler(ASGIHandler):
    """Every address but the sockets and the floor.

    All our middleware and views are synchronous. Django's own way would take each request to a thread that is made
    for it, and back to the event loop and over again for most middleware; that costs more than most pages.
    """

    def __init__(self, threads: int = THREADS) -> None:
        BaseHandler.__init__(self)
        self.load_middleware(is_async=False)
        self.pool = ThreadPoolExecutor(threads, thread_name_prefix="request")

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """The body is read before a thread is taken and the answer sent after: no slow client holds one."""
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        loop = asyncio.get_running_loop()
        # A context of its own: no language or time zone of one request reaches the next on its thread.
        response = await loop.run_in_executor(self.pool, copy_context().run, self._respond, scope, body)
        await self.send_response(response, send)

    def _respond(self, scope: Any, body: Any) -> HttpResponse:
        set_script_prefix(get_script_prefix(scope))
        request_started.send(sender=type(self), scope=scope)
        request, response = self.create_request(scope, body)
        if request is not None:
            response = self.get_response(request)
        try:
            return _whole(response)
        finally:
            # The request ends here, on the thread that has its database connection.
            response.close()
            body.close()

    def create_request(self, scope: Any, body_file: Any) -> Any:
        """(request, None), or None and what to answer in its place."""
        # Bytes that should have been percent-encoded; Django decodes those, and fails on these.
        query = NOT_ASCII.sub(lambda byte: b"%%%02X" % byte[0][0], scope["query_string"])
        try:
            return super().create_request({**scope, "query_string": query}, body_file)
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


def _blank(scope: Any) -> HttpRequest:
    request = HttpRequest()
    request.path = scope["path"]
    return request
