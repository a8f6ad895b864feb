"""What one request is known by, wherever in its handling: in log lines, in the audit. Nothing of a patient."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

# A proxy may have given the request its id; what is longer, or could be mistaken for something else, is not one.
REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{8,32}")


@dataclass(frozen=True)
class RequestContext:
    """`request_id`: of a request, or a job's. `address`: where the client asks from. Both empty outside of one.

    `job_id`: what RQ knows the job by; empty in a request.
    """

    request_id: str = ""
    address: str = ""
    job_id: str = ""


OUTSIDE = RequestContext()
_current: ContextVar[RequestContext] = ContextVar("request_context", default=OUTSIDE)


def current() -> RequestContext:
    return _current.get()


@contextmanager
def during(request_id: str = "", address: str = "") -> Iterator[RequestContext]:
    """For the block. An id that is none is replaced by a new one."""
    if not REQUEST_ID.fullmatch(request_id):
        request_id = secrets.token_hex(8)
    with _during(RequestContext(request_id, address[:45])) as asked:
        yield asked


def during_job(job_id: str) -> AbstractContextManager[RequestContext]:
    """For the block, with the id that RQ knows the job by."""
    # RQ's own ids are UUIDs: without their dashes they are as long as a request's may be.
    return _during(RequestContext(job_id.replace("-", "")[:32], job_id=job_id))


@contextmanager
def _during(context: RequestContext) -> Iterator[RequestContext]:
    token = _current.set(context)
    try:
        yield context
    finally:
        _current.reset(token)
