"""The realtime side of the ASGI application: `/ws/<topic>/`, `/live/<topic>/`, and the hub's life."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlparse

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import OriginValidator
from django.conf import settings
from django.db import Error as AnyDatabaseError
from django.urls import re_path

from realtime.hub import Hub
from realtime.sockets import FORBIDDEN, Admission, BellSocket

_SOCKET = re.compile(r"/ws/([a-z2-7]{26})/")
# As 403 and 404 are to a page.
NOT_FOUND = 4404
_LIVE = re.compile(r"/live/([a-z2-7]{26})/")
# No more than a number has use for: screens ask ten thousands of times a second.
_HEADERS = [
    (b"content-type", b"application/json"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
]


def application(hub: Hub, django_app: Any) -> Any:
    """Everything that a web process serves. `django_app` answers all but the sockets and the floor."""
    members = AuthMiddlewareStack(URLRouter(sockets(hub)))
    admission = OurOrigin(KnownFirst(hub, members), [settings.PUBLIC_URL])
    return ProtocolTypeRouter(
        {
            "http": Floor(hub, django_app),
            "websocket": BellSocket(hub, admission),
            "lifespan": Life(hub),
        }
    )


def sockets(hub: Hub) -> list[Any]:
    """Every address that a socket may be opened at."""
    return [re_path(r"^ws/(?P<topic>[a-z2-7]{26})/$", Admission(hub))]  # type: ignore[arg-type]


class Floor:
    """Answers `GET /live/<topic>/` from the hub's memory; hands everything else to Django."""

    def __init__(self, hub: Hub, django_app: Any) -> None:
        self.hub, self.django_app = hub, django_app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        match = _LIVE.fullmatch(scope["path"]) if scope["method"] in ("GET", "HEAD") else None
        if match is None:
            await self.django_app(scope, receive, send)
            return
        await _answer(send, *await self._state(match[1]))

    async def _state(self, name: str) -> tuple[int, str]:
        try:
            watched = await self.hub.watch(name)
        except AnyDatabaseError:
            return 503, '{"error": "the database does not answer"}'
        return (200, self.hub.text(watched)) if watched else (404, '{"error": "no such topic"}')


class Life:
    """Starts the hub with the process's event loop and ends it with the server."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await self.hub.start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.hub.stop()
        await send({"type": "lifespan.shutdown.complete"})


class OurOrigin(OriginValidator):  # type: ignore[misc]
    """Channels' check of a page's origin. Its own way of refusing subscribes to Redis, and fails without it."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if self.valid_origin(_origin(scope)):
            await self.application(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": FORBIDDEN})


class KnownFirst:
    """Who asks for an address or a topic that there is not is refused before their cookies are looked up."""

    def __init__(self, hub: Hub, admission: Any) -> None:
        self.hub, self.admission = hub, admission

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        match = _SOCKET.fullmatch(scope["path"])
        if match is None:
            await send({"type": "websocket.close", "code": NOT_FOUND})
        elif await self.hub.knows(match[1]):
            await self.admission(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": FORBIDDEN})


def _origin(scope: Any) -> Any:
    given: bytes | None = dict(scope["headers"]).get(b"origin")
    try:
        origin = urlparse(given.decode("ascii")) if given else None
        if origin is not None:
            # One that is no number fails only here.
            _port = origin.port
        return origin
    except ValueError:
        return None


async def _answer(send: Any, status: int, text: str) -> None:
    """Answers in JSON. `text` is ASCII."""
    headers = [*_HEADERS, (b"content-length", b"%d" % len(text))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text.encode()})
