"""Log lines: one JSON object an event, free of patient data and of secret addresses, whoever writes them.

{"at", "level", "logger", "message"}, and what is known beside: "request" or "job" (the id of either), "visit" (its
public id), "delivery" (its key), "clinic" and "destination" (their numbers), "error" (a traceback).
"""

from __future__ import annotations

import json
import logging
import sqlite3
import sys
import threading
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import django.db
import psycopg
from django.http import HttpRequest

from clinic import request_context

# PostgreSQL quotes the whole row that it refuses; a ValueError or a KeyError quotes what somebody typed.
QUOTING = (django.db.Error, psycopg.Error, sqlite3.Error, ValueError, LookupError)


# What a line may say beside its message: given as `extra`, each by what we ourselves call it.
BESIDE = ("clinic", "visit", "destination", "delivery")
logger = logging.getLogger(__name__)


class Formatter(logging.Formatter):
    """Writes tracebacks with every frame and the kind of each error, but without the texts of QUOTING ones.

    All of it is ASCII on one line: nothing that is quoted in a message can look like a line of its own.
    """

    def format(self, record: logging.LogRecord) -> str:
        said = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **_context(),
            **{name: str(value) for name in BESIDE if (value := getattr(record, name, None)) is not None},
        }
        if record.exc_info and record.exc_info[1] is not None:
            said["error"] = self.formatException(record.exc_info)
        return json.dumps(said)

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


def take_what_nobody_caught() -> None:
    """For processes that serve: what ends one of their threads, or all, is a log line too."""
    sys.excepthook = lambda _kind, error, _trace: logger.critical("the process ends", exc_info=error)
    threading.excepthook = lambda args: logger.critical("a thread ended", exc_info=args.exc_value)


def _context() -> dict[str, str]:
    now = request_context.current()
    if now.job_id:
        return {"job": now.job_id}
    return {"request": now.request_id} if now.request_id else {}


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
