"""Browsers without a window: they log in at a real server, and hold a socket open."""

from __future__ import annotations

import re
import time
from typing import Any

import httpx
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.stack import Stack

PASSWORD = "evenkeel-demo"


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
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.open(form_of))
        assert token is not None, form_of
        headers = {"Origin": self.stack.url}
        return self.http.post(path, data={**said, "csrfmiddlewaretoken": token[1]}, headers=headers)

    def log_in(self, name: str) -> None:
        answer = self.send("/login/", "/login/", username=name, password=PASSWORD, next="/desk/")
        assert answer.url.path == "/desk/", answer.url
        self.open("/desk/")

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
