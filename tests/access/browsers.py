"""Browsers without a window: they log in at a real server, and hold a socket open."""

from __future__ import annotations

import re
import time
from typing import Any
from uuid import UUID

import httpx
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.input.routes import every_route
from tests.stack import Stack

KNOWN = {
    "kind": "kiosk",
    "name": "arrival",
    "at": "check",
    "px": "4.000",
    "role": "desk",
    "who": "abcd1234",
    "public_id": str(UUID(int=1)),
}


def addresses() -> list[str]:
    """One of each route but the ways out, by which a test would lose its log-in."""
    routes = [
        route.address({name: KNOWN.get(name, "1") for name in route.parameters})
        for route in every_route()
        if "logout" not in route.template
    ]
    return list(dict.fromkeys(routes))


class Browser:
    """One browser, with its cookies. `topic`: of the page that it opened last, if that is a live one."""

    def __init__(self, stack: Stack) -> None:
        self.stack, self.topic, self._sockets = stack, "", list[ClientConnection]()
        self.http = httpx.Client(base_url=stack.url, timeout=20, follow_redirects=True)

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *error: object) -> None:
        """It is closed, and its sockets with it."""
        for socket in self._sockets:
            socket.close()
        self.http.close()

    def open(self, path: str) -> str:
        page = self.http.get(path).text
        found = re.search(r'data-topic="(\w+)"', page)
        self.topic = found[1] if found else self.topic
        return page

    def send(self, path: str, form_of: str, **said: str) -> httpx.Response:
        """A form, with the token of the page that it stands on."""
        said["csrfmiddlewaretoken"] = self.token(form_of)
        return self.http.post(path, data=said, headers={"Origin": self.stack.url})

    def token(self, path: str) -> str:
        """That a page's forms carry."""
        found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.open(path))
        assert found is not None, path
        return found[1]

    def be(self, name: str) -> None:
        """A clerk at the desk, logged in by a row of the database."""
        key = self.stack.ask(f"__import__('tests.access.rows', fromlist=['rows']).log_in({name!r})")
        self.http.cookies.set(f"evenkeel{self.stack.port}-session", key, domain="127.0.0.1", path="/")
        self.open("/desk/")
        assert self.topic, "no desk"

    def listen(self) -> ClientConnection:
        """A socket that has been told the state once."""
        cookies = "; ".join(f"{name}={value}" for name, value in self.http.cookies.items())
        headers: Any = {"Origin": self.stack.url, "Cookie": cookies}
        url = self.stack.url.replace("http", "ws", 1) + f"/ws/{self.topic}/"
        socket = connect(url, additional_headers=headers, proxy=None, open_timeout=10)
        self._sockets.append(socket)
        assert "version" in str(socket.recv(timeout=10))
        return socket


def seconds_to_the_end(socket: ClientConnection, since: float, patience: float = 12) -> float:
    """Until the server closes it; what it is told meanwhile does not count."""
    try:
        while (left := since + patience - time.monotonic()) > 0:
            socket.recv(timeout=left)
    except ConnectionClosed:
        took = time.monotonic() - since
        print(f"closed after {took:.2f} s")
        return took
    except TimeoutError:
        pass
    raise AssertionError(f"the socket is still open after {patience:g} s")
