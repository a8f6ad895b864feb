"""A vendor stand-in in a thread of its own, and what tests say to it."""

from __future__ import annotations

import asyncio
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

import httpx
import jwt
from ably.sync import AblyRestSync

from realtime.standin import Key, StandIn, Timing

PUBLISH_KEY = "demo.server:" + "p" * 43
SUBSCRIBE_KEY = "demo.browser:" + "s" * 43
KEYS = [Key.parse(PUBLISH_KEY, "publish"), Key.parse(SUBSCRIBE_KEY, "subscribe")]
QUICK = Timing(slow=0.3, drip=0.005, cut=0.1, keepalive=0.1)
CALM = Timing(slow=0.3, drip=0.005, cut=0.1)


def token(
    operation: str = "publish", resource: str = "*", life: int = 60, claims: dict[str, Any] | None = None
) -> str:
    """A JWT for one operation on one resource, signed with the key that has this right, and more claims."""
    name, _, secret = (PUBLISH_KEY if operation == "publish" else SUBSCRIBE_KEY).partition(":")
    now = int(time.time())
    capability = json.dumps({resource: [operation]})
    content = {"iat": now, "exp": now + life, "x-ably-capability": capability, **(claims or {})}
    return jwt.encode(content, secret, algorithm="HS256", headers={"kid": name})


def spec(*channels: str, data: object = "1") -> dict[str, Any]:
    """A batch spec with one message."""
    return {"channels": list(channels), "messages": [{"data": data}]}


class Rig:
    """The running stand-in, and an HTTP client that ignores this machine's proxies."""

    def __init__(self, standin: StandIn) -> None:
        self.standin = standin
        self.url = f"http://127.0.0.1:{standin.port}"
        self.http = httpx.Client(trust_env=False, verify=False, timeout=5)

    def fault(self, mode: str, **more: Any) -> dict[str, Any]:
        """Sets the fault, and returns what the control port said."""
        answer = self.control("POST", "/__fault", json={"mode": mode, **more})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def control(self, method: str, path: str, **more: Any) -> httpx.Response:
        """A request to the control port."""
        return self.http.request(method, self.standin.control_url + path, **more)

    def seen(self) -> dict[str, Any]:
        """The report of what came to the data ports."""
        return dict(self.control("GET", "/__seen").json())

    def post(self, path: str, body: object, bearer: str | None = None, **more: Any) -> httpx.Response:
        """A request to the data port, by default with a token that may publish anywhere."""
        headers = {"Authorization": f"Bearer {bearer or token()}"}
        return self.http.post(self.url + path, json=body, headers=headers, **more)

    def publish(self, *channels: str, data: object = "1", **more: Any) -> httpx.Response:
        """A batch of one message to some channels."""
        return self.post("/messages", [spec(*channels, data=data)], **more)

    def publish_tls(self, timeout: float = 5) -> httpx.Response:
        """A batch of one over TLS, by a client that trusts the stand-in's authority."""
        trusting = ssl.create_default_context(cadata=self.standin.ca_pem.decode())
        with httpx.Client(verify=trusting, trust_env=False, timeout=timeout) as client:
            url = f"https://127.0.0.1:{self.standin.tls_port}/messages"
            return client.post(url, json=[spec("n:a")], headers={"Authorization": f"Bearer {token()}"})

    def sdk(self, **options: Any) -> AblyRestSync:
        """The real SDK, pointed at the plain port unless told otherwise."""
        where = {"endpoint": "127.0.0.1", "tls": False, "port": self.standin.port}
        fixed = {"use_binary_protocol": False, "http_max_retry_count": 1, "fallback_hosts": []}
        return AblyRestSync(**{"token": token(), **where, **fixed, **options})

    @contextmanager
    def stream(self, channels: str, headers: dict[str, str] | None = None, **query: Any) -> Iterator[Stream]:
        """An open stream of events."""
        params = {"channels": channels, "v": "1.2", "accessToken": token("subscribe"), **query}
        with self.http.stream("GET", self.url + "/sse", params=params, headers=headers) as answer:
            yield Stream(answer)


class Stream:
    """Reads server-sent events, one at a time."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer
        self._lines = answer.iter_lines()

    def comment(self) -> str:
        """The next line, whatever it is."""
        return next(self._lines)

    def event(self) -> dict[str, str]:
        """The next event's fields; comments are skipped. Raises StopIteration at the stream's end."""
        fields: dict[str, str] = {}
        for line in self._lines:
            if not line and fields:
                return fields
            name, _, value = line.partition(": ")
            if name and not line.startswith(":"):
                fields[name] = value
        raise StopIteration

    def data(self) -> str:
        """The next message's payload."""
        return str(json.loads(self.event()["data"])["data"])


@contextmanager
def running(**options: Any) -> Iterator[Rig]:
    """A stand-in that runs as long as the block does."""
    started: Future[tuple[StandIn, Callable[[], object]]] = Future()
    thread = threading.Thread(target=lambda: asyncio.run(_serve(started, options)))
    thread.start()
    standin, stop = started.result(timeout=5)
    rig = Rig(standin)
    try:
        yield rig
    finally:
        rig.http.close()
        stop()
        thread.join(timeout=5)
        assert not thread.is_alive()


async def _serve(started: Future[tuple[StandIn, Callable[[], object]]], options: dict[str, Any]) -> None:
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    try:
        async with StandIn(KEYS, **options) as standin:
            started.set_result((standin, lambda: loop.call_soon_threadsafe(ended.set)))
            await ended.wait()
    except OSError as error:
        started.set_exception(error)
