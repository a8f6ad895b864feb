"""Patients' data that is planted all over the tests, and the net that finds it where it must never be.

The usual patient of the tests is the canary: Bob Miller, born on 17 April 1985, at 202 555 0143, and all the Bobs
with a name of their own. Whatever a test does with him, he must be in no log line, address, referrer, error page,
figure, key of Redis or byte to the vendor. His place is the database, the pages of staff and his own, and the
messages that are owed to record systems.
"""

from __future__ import annotations

import logging
import re
import zlib
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
from django.core.handlers.base import BaseHandler
from django.core.signals import request_started
from django.http import HttpRequest, HttpResponse

from clinic.logs import Formatter, RoutesOnly
from tests.waiting import until

MARKS = re.compile(
    r"""
    (?<![a-z2-7])miller | (?<![a-z])bob[a-z]{12}(?![a-z]) | canary
    | 202 [^a-z0-9]{0,3} 555 [^a-z0-9]{0,3} 0143
    | (?<!\d)1985 (%2f|[^a-z0-9]{0,2}) 0?4 (%2f|[^a-z0-9]{0,2}) 17(?!\d)
    | (?<!\d)(0?4 (%2f|[^a-z0-9]{1,2}) 17 | 17 (%2f|[^a-z0-9]{1,2}) 0?4) (%2f|[^a-z0-9]{1,2}) 1985(?!\d)
    | (apr(il|\.)? [^a-z0-9]{1,2} 17 | 17 [^a-z0-9]{1,2} apr(il|\.)?) [^a-z0-9]{1,3} 1985
    """,
    re.IGNORECASE | re.VERBOSE,
)
AROUND = 60


def found(text: str) -> list[str]:
    """Each mark in a text, with what stands around it."""
    return [text[max(0, one.start() - AROUND) : one.end() + AROUND] for one in MARKS.finditer(text)]


def must_be_absent(**places: str) -> None:
    """Fails for a place whose text has a mark in it, and for one without any text: nothing was looked at there."""
    for place, text in places.items():
        assert text, f"nothing was found at {place}"
        assert found(text) == [], f"a patient's data at {place}"


def in_redis(client: Any) -> str:
    """All keys with all that they hold, as text."""
    read = {
        b"string": client.get,
        b"hash": client.hgetall,
        b"list": lambda key: client.lrange(key, 0, -1),
        b"set": client.smembers,
        b"zset": lambda key: client.zrange(key, 0, -1, withscores=True),
        b"stream": client.xrange,
    }
    kinds = [(key, client.type(key)) for key in client.scan_iter("*")]
    # One that lapsed in between holds nothing.
    return "\n".join(f"{key} {_plain(read[kind](key))}" for key, kind in kinds if kind in read)


def _plain(held: Any) -> str:
    """RQ compresses what a job is and why it failed, and writes some of that in base 64."""
    if isinstance(held, dict):
        return ", ".join(f"{_plain(name)}: {_plain(value)}" for name, value in held.items())
    if isinstance(held, (list, tuple, set)):
        return ", ".join(map(_plain, held))
    for unpack in (zlib.decompress, lambda packed: zlib.decompress(b64decode(packed))):
        with suppress(zlib.error, ValueError, TypeError):
            return unpack(held).decode(errors="replace")
    return str(held)


def must_be_absent_from(stack: Any) -> None:
    """A whole Evenkeel in real processes: what it wrote, keeps in Redis, tells Prometheus and told the vendor."""
    # What a test broke last may be on its way back.
    until(lambda: "evenkeel_redis_answers 1" in _figures(stack), 15)
    logs = [*Path(stack.home / "logs").glob("*.log"), stack.home / "demo.err"]
    must_be_absent(
        logs="\n".join(log.read_text(errors="replace") for log in logs),
        redis=in_redis(stack.redis()),
        figures=_figures(stack),
        vendor=str(stack.seen()),
    )


def _figures(stack: Any) -> str:
    with suppress(httpx.TransportError):
        answer = httpx.get(f"{stack.url}/metrics", timeout=10, trust_env=False)
        return answer.text if answer.status_code == 200 else ""
    return ""


class Net(logging.Handler):
    """What is caught while a test runs: log lines as they would be written, addresses, referrers, error pages."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.setFormatter(Formatter())
        self.addFilter(RoutesOnly())
        self.caught: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.look("a log line", self.format(record))

    def look(self, place: str, text: str) -> None:
        self.caught += [f"{place}: {part}" for part in found(text)]

    def hear(self, environ: Any = None, scope: Any = None, **_signal: Any) -> None:
        """A request has begun, of the test client's or of a server's."""
        if scope is not None:
            asked, headers = scope["path"] + "?" + scope["query_string"].decode("latin-1"), dict(scope["headers"])
            referrer = headers.get(b"referer", b"").decode("latin-1")
        else:
            asked = f"{(environ or {}).get('PATH_INFO', '')}?{(environ or {}).get('QUERY_STRING', '')}"
            referrer = (environ or {}).get("HTTP_REFERER", "")
        self.look("an address", asked)
        self.look("a referrer", referrer)

    def judge(self, response: HttpResponse) -> None:
        self.look("an address to go on to", response.get("Location", ""))
        if response.status_code >= 500 and not response.streaming:
            self.look("an error page", response.content.decode(errors="replace"))


@contextmanager
def net() -> Iterator[Net]:
    """Nothing may be caught while the block runs."""
    one, get_response = Net(), BaseHandler.get_response

    def judged(self: BaseHandler, request: HttpRequest) -> Any:
        response = get_response(self, request)
        one.judge(response)  # type: ignore[arg-type]
        return response

    logging.getLogger().addHandler(one)
    request_started.connect(one.hear)
    BaseHandler.get_response = judged  # type: ignore[method-assign]
    try:
        yield one
    finally:
        BaseHandler.get_response = get_response  # type: ignore[method-assign]
        request_started.disconnect(one.hear)
        logging.getLogger().removeHandler(one)
    assert one.caught == [], "a patient's data where it must not be"
