"""One HTTP request through Django's own ASGI request and the whole middleware, in this thread and transaction."""

from __future__ import annotations

import gzip
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from urllib.parse import unquote

from django.core.handlers.base import BaseHandler
from django.core.signals import got_request_exception, request_finished
from django.db import close_old_connections

from clinic.handler import Handler

ORIGIN = "http://127.0.0.1:8000"


@dataclass
class Request:
    """What goes over the wire. `path` without its query, percent-encoded; headers other than Host and cookies.

    `speaks`: the language that the answer must be in, where the server can know it.
    """

    method: str
    path: str
    query: bytes = b""
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""
    host: bytes = b"127.0.0.1:8000"
    cookies: bytes = b""
    speaks: str = ""

    def scope(self) -> dict[str, Any]:
        cookies = [(b"cookie", self.cookies)] if self.cookies else []
        length = [(b"content-length", str(len(self.body)).encode())] if self.body else []
        return {
            "type": "http",
            "http_version": "1.1",
            "method": self.method,
            "scheme": "http",
            "path": unquote(self.path),
            "raw_path": self.path.encode("latin-1", "replace"),
            "query_string": self.query,
            "root_path": "",
            "headers": [(b"host", self.host), *cookies, *length, *self.headers],
            "client": ("127.0.0.1", 50000),
            "server": ("127.0.0.1", 8000),
        }


@dataclass
class Answer:
    """What came back. `route`: the pattern that the address matched. `error`: what a 500 was made of."""

    status: int
    headers: dict[str, str]
    body: bytes
    route: str = ""
    cookies: dict[str, str] = field(default_factory=dict)
    error: BaseException | None = None

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    @property
    def is_html(self) -> bool:
        return self.headers.get("content-type", "").startswith("text/html")


class Wire(Handler):
    """Django's ASGI application without its event loop: the same request class, checks and middleware."""

    def __init__(self) -> None:
        BaseHandler.__init__(self)
        self.load_middleware(is_async=False)
        self._errors: list[BaseException | None] = []
        got_request_exception.connect(self._remember)

    def _remember(self, **_said: Any) -> None:
        self._errors.append(sys.exc_info()[1])

    def send(self, asked: Request) -> Answer:
        """The answer. What the server could not put on the wire raises, as it would there."""
        self._errors.clear()
        request, refusal = self.create_request(asked.scope(), BytesIO(asked.body))
        response = refusal if request is None else self.get_response(request)
        # Its end would close the connection, and the transaction with it.
        request_finished.disconnect(close_old_connections)
        response.close()
        request_finished.connect(close_old_connections)
        match = getattr(request, "resolver_match", None)
        headers = dict(_wired(response))
        body = b"".join(response.streaming_content) if response.streaming else response.content
        return Answer(
            status=response.status_code,
            headers=headers,
            body=gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body,
            route=match.route if match else "",
            cookies={name: morsel.value for name, morsel in response.cookies.items()},
            error=self._errors[0] if self._errors else None,
        )


def _wired(response: Any) -> Iterator[tuple[str, str]]:
    """The headers, each as ASGI's bytes and back."""
    for name, value in response.items():
        yield name.encode("ascii").decode().lower(), value.encode("latin-1").decode("latin-1")
    for morsel in response.cookies.values():
        morsel.output(header="").encode("ascii")
