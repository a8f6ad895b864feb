"""The data port: what the fault of the hour does to a request, and where it goes if it gets through."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping
from urllib.parse import unquote_plus

from realtime.standin.auth import Grant, Key, authenticate
from realtime.standin.broker import Broker
from realtime.standin.errors import VendorError
from realtime.standin.faults import Faults, Mode
from realtime.standin.publishing import Publisher
from realtime.standin.seen import Seen
from realtime.standin.streaming import Stream, Wish
from realtime.standin.wire import Reply, Request, Wire

CORS = ("Access-Control-Allow-Origin", "*")
CAPTIVE_PAGE = b"<!doctype html><title>Sign in</title><p>Please sign in to use this network."
SINGLE = re.compile(r"/channels/([^/]+)/messages")


class Vendor:
    """Answers the requests of the data ports."""

    def __init__(self, keys: Mapping[str, Key], faults: Faults, seen: Seen) -> None:
        self._keys, self._faults, self._seen = keys, faults, seen
        self._broker = Broker()
        self._publisher = Publisher(self._broker, faults)

    async def handle(self, request: Request, wire: Wire) -> None:
        """Answers one request, by a reply or by a stream. Raises Dropped."""
        self._seen.request(request)
        try:
            reply = await self._failure() or await self._answer(request, wire)
        except VendorError as error:
            reply = error.reply()
        if reply is not None:
            await wire.answer(Reply(reply.status, reply.body, [*reply.headers, CORS]))

    async def _failure(self) -> Reply | None:
        """Acts out the mode: hangs, waits, fails, or lets the request through."""
        await self._faults.hang()
        mode = self._faults.mode
        if mode in (Mode.SLOW_503, Mode.SLOW_200):
            await asyncio.sleep(self._faults.timing.slow)
        if mode is Mode.SLOW_503:
            raise VendorError(503, 50003, "the stand-in is slow and fails, as it was told to")
        if mode is Mode.RATE_LIMITED:
            raise VendorError(429, 42910, "too many requests, says the stand-in, as it was told to")
        return Reply(200, CAPTIVE_PAGE, [("Content-Type", "text/html")]) if mode is Mode.HTML_200 else None

    async def _answer(self, request: Request, wire: Wire) -> Reply | None:
        """The reply, or None when the request was answered by a stream."""
        if request.method == "GET" and request.path == "/time":
            return Reply.json(200, [int(time.time() * 1000)])
        if request.method == "GET" and _asks_for_events(request):
            stream = Stream(wire, Wish.parse(request), self._grant(request), self._broker, self._faults)
            await stream.run()
            return None
        if request.method == "POST" and request.path == "/messages":
            return self._publisher.batch(self._grant(request), request.body)
        if request.method == "POST" and (single := SINGLE.fullmatch(request.path)):
            return self._publisher.single(self._grant(request), unquote_plus(single[1]), request.body)
        raise VendorError(404, 40400, "the stand-in does not play this part of the vendor")

    def _grant(self, request: Request) -> Grant:
        return authenticate(self._keys, request)


def _asks_for_events(request: Request) -> bool:
    accepts = "text/event-stream" in request.headers.get("accept", "")
    return request.path == "/sse" or (request.path == "/event-stream" and accepts)
