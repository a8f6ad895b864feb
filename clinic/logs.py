"""How log lines are kept free of patient data and of secret addresses, whoever writes them."""

from __future__ import annotations

import logging
import sqlite3
import traceback
from collections.abc import Iterator
from typing import Any

import django.db
import psycopg
from django.http import HttpRequest

# PostgreSQL quotes the whole row that it refuses; a ValueError or a KeyError quotes what somebody typed.
QUOTING = (django.db.Error, psycopg.Error, sqlite3.Error, ValueError, LookupError)


class Formatter(logging.Formatter):
    """Writes tracebacks with every frame and the kind of each error, but without the texts of QUOTING ones."""

    def formatException(self, ei: Any) -> str:
        error: BaseException | None = ei[1]
        return "\n".join(reversed([_part(one) for one in _chain(error)]))


class RoutesOnly(logging.Filter):
    """Puts the route's pattern where a line of Django's names the address: an address can be a secret."""

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)
        if isinstance(request, HttpRequest) and isinstance(record.args, tuple):
            # Django escapes what it logs, so a path that is not plain ASCII stands in two ways.
            paths = (request.path, request.path.encode("unicode_escape").decode("ascii"))
            record.args = tuple(route_of(request) if arg in paths else arg for arg in record.args)
        return True


def route_of(request: HttpRequest) -> str:
    """The pattern that a request's address matched, for example "/kiosk/<str:name>/"."""
    return f"/{request.resolver_match.route}" if request.resolver_match else "(none)"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error and those that led to it, the newest first."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        yield error
        seen.add(id(error))
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _part(error: BaseException) -> str:
    kind = f"{type(error).__module__}.{type(error).__qualname__}"
    said = "" if isinstance(error, QUOTING) else f": {error}"
    return "".join(traceback.format_tb(error.__traceback__)) + kind + said
