"""What one request is known by, wherever in its handling: in log lines, in the audit. Nothing of a patient."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

# A proxy may have given the request its id; what is longer, or could be mistaken for something else, is not one.
REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{8,32}")


@dataclass(frozen=True)
class RequestContext:
    """`request_id`: of a request, or a job's. `address`: where the client asks from. Both empty outside of one."""

    request_id: str = ""
    address: str = ""


OUTSIDE = RequestContext()
_current: ContextVar[RequestContext] = ContextVar("request_context", default=OUTSIDE)


def current() -> RequestContext:
    return _current.get()


@contextmanager
def during(request_id: str = "", address: str = "") -> Iterator[RequestContext]:
    """For the block. An id that is none is replaced by a new one."""
    if not REQUEST_ID.fullmatch(request_id):
        request_id = secrets.token_hex(8)
    asked = RequestContext(request_id, address[:45])
    token = _current.set(asked)
    try:
        yield asked
    finally:
        _current.reset(token)
