"""One log line a request: method, the route's pattern, status, milliseconds. Never the address itself."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from clinic.logs import route_of

logger = logging.getLogger("clinic.request")


class RequestLog:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.monotonic()
        response = self.get_response(request)
        spent = (time.monotonic() - began) * 1000
        logger.info("%s %s %d %.0f ms", request.method, route_of(request), response.status_code, spent)
        return response
