"""One log line a request; and what Django would answer with an empty page, or with a failure."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import unquote

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from clinic import counted, request_context
from clinic.logs import route_of
from clinic.views import errors

NUL, LONGEST_QUERY = "\0", 1500
logger = logging.getLogger("clinic.request")


class RequestLog:
    """Method, the route's pattern, status, milliseconds. Never the address itself. Gives the request its id."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given, address = request.headers.get("X-Request-ID", ""), request.META.get("REMOTE_ADDR", "")
        with request_context.during(given, address) as asked:
            began = time.monotonic()
            response = self.get_response(request)
            spent, route = time.monotonic() - began, route_of(request)
            logger.info("%s %s %d %.0f ms", request.method, route, response.status_code, spent * 1000)
        counted.REQUESTS.observe(spent, route)
        counted.ANSWERS.count(route, str(response.status_code))
        response["X-Request-ID"] = asked.request_id
        return response


class RefusedMethods:
    """Shows a person what `require_POST` and its like say with a status alone."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code != HTTPStatus.METHOD_NOT_ALLOWED or response.content:
            return response
        page = errors.not_allowed(request)
        page["Allow"] = response["Allow"]
        return page


class NullOrigin:
    """Lets forms of the patient's phone page be judged by their token alone.

    A page that tells nobody where it came from has "null" for its origin, which Django would refuse.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith("/v/") and request.META.get("HTTP_ORIGIN") == "null":
            request.META["HTTP_ORIGIN"] = settings.PUBLIC_URL
        return self.get_response(request)


class Readable:
    """Turns away what no page of ours has or sends, before a database fails on it, or as it does.

    PostgreSQL fails on a NUL, which a cookie too may hold; SQLite on a search for a thousand words, and on the
    number of a row with more digits than any row's.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        for name in [name for name, value in request.COOKIES.items() if NUL in value]:
            del request.COOKIES[name]
        query = request.META["QUERY_STRING"]
        if len(query) > LONGEST_QUERY or NUL in request.path or NUL in unquote(query):
            return errors.bad_request(request)
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Django checks such a number where it looks for one row, and not where it looks for several."""
        if isinstance(exception, OverflowError) and "SQLite INTEGER" in str(exception):
            return errors.bad_request(request)
        return None
