"""The same trivial view without any middleware, which is the harder rival; and no Django at all at /bare/."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.handlers.asgi import ASGIHandler

settings.ROOT_URLCONF = "tests.bench.rivals.urls"
settings.MIDDLEWARE = []

pages = ASGIHandler()
HEADERS = [(b"content-type", b"text/plain"), (b"content-length", b"2")]


async def application(scope: Any, receive: Any, send: Any) -> None:
    if scope.get("path") != "/bare/":
        await pages(scope, receive, send)
        return
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": b"ok"})
