"""Django's ASGI application, for requests too that it cannot even begin."""

from __future__ import annotations

import re
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest

from clinic.views import errors

NOT_ASCII = re.compile(rb"[\x80-\xff]")


class Handler(ASGIHandler):
    """Every address but the sockets and the floor."""

    def create_request(self, scope: Any, body_file: Any) -> Any:
        """(request, None), or None and what to answer in its place."""
        # Bytes that should have been percent-encoded; Django decodes those, and fails on these.
        query = NOT_ASCII.sub(lambda byte: b"%%%02X" % byte[0][0], scope["query_string"])
        try:
            return super().create_request({**scope, "query_string": query}, body_file)
        except (ValueError, SuspiciousOperation):
            # A character set with a NUL in its name, written as RFC 2231 allows: Python's look-up fails on it. And
            # a query with more fields than we take, which is read here already where there is a character set.
            return None, errors.bad_request(_blank(scope))


def _blank(scope: Any) -> HttpRequest:
    request = HttpRequest()
    request.path = scope["path"]
    return request
