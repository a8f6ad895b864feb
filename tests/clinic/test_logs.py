from __future__ import annotations

import logging
import sqlite3
import sys
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils.log import configure_logging

from clinic.logs import Formatter, RoutesOnly
from clinic.models import Clinic, Visit
from tests.factories import make_visit

PLANTED = "Zyxwvut"


def written(raise_it: Any) -> str:
    """A log line about the exception that `raise_it` raises."""
    try:
        raise_it()
    except Exception:
        record = logging.LogRecord("x", logging.ERROR, __file__, 1, "it failed", None, sys.exc_info())
    return Formatter("%(message)s").format(record)


def test_row_that_the_database_refuses_is_not_written(harbor: Clinic) -> None:
    visit = make_visit(harbor, family=PLANTED)

    def break_a_rule() -> None:
        with transaction.atomic():
            Visit.objects.filter(pk=visit.pk).update(state="asleep")

    text = written(break_a_rule)
    assert PLANTED not in text
    assert "django.db.utils.IntegrityError" in text
    assert "in break_a_rule" in text
    if connection.vendor == "postgresql":
        with pytest.raises(IntegrityError, match=PLANTED):
            break_a_rule()


@pytest.mark.parametrize("kind", [IntegrityError, psycopg.Error, sqlite3.Error, ValueError, KeyError])
def test_text_of_an_error_that_may_quote_a_row_is_not_written(kind: type[Exception]) -> None:
    def fail() -> None:
        raise kind(f"DETAIL: Failing row contains ({PLANTED})")

    text = written(fail)
    assert PLANTED not in text
    assert kind.__name__ in text


def test_every_link_of_a_chain_is_named_and_what_may_quote_is_left_out() -> None:
    def chain() -> None:
        try:
            int(PLANTED)
        except ValueError as error:
            raise RuntimeError("could not read") from error

    text = written(chain)
    assert PLANTED not in text
    assert text.index("builtins.ValueError") < text.index("builtins.RuntimeError: could not read")


def test_error_that_ended_another_silently_is_alone() -> None:
    def hide() -> None:
        try:
            int(PLANTED)
        except ValueError:
            raise RuntimeError("plain") from None

    assert "ValueError" not in written(hide)


@pytest.mark.django_db
def test_line_about_a_request_names_the_route(client: Client) -> None:
    lines: list[str] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record))

    handler = Kept()
    handler.addFilter(RoutesOnly())
    logging.getLogger("django.request").addHandler(handler)
    try:
        client.get(f"/pair/{PLANTED}/")
        client.get(f"/nowhere/{PLANTED}/")
        client.get(f"/pair/{PLANTED}/wait/")
    finally:
        logging.getLogger("django.request").removeHandler(handler)
    route = "Not Found: /pair/<slug:kind>/"
    assert lines == [route, "Not Found: (none)", f"{route}wait/"]


def test_settings_put_both_on_every_line(monkeypatch: pytest.MonkeyPatch) -> None:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    try:
        configure_logging("logging.config.dictConfig", settings.LOGGING)
        (handler,) = root.handlers
        assert isinstance(handler.formatter, Formatter)
        assert any(isinstance(one, RoutesOnly) for one in handler.filters)
    finally:
        root.handlers, root.level = before, level
