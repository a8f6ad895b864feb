from __future__ import annotations

import json
import logging
import sqlite3
import sys
import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils.log import configure_logging

from clinic import request_context
from clinic.logs import Formatter, RoutesOnly, take_what_nobody_caught
from clinic.models import Clinic, Visit
from tests.factories import make_visit

PLANTED = "Zyxwvut"


def written(raise_it: Any) -> str:
    """A log line about the exception that `raise_it` raises."""
    try:
        raise_it()
    except Exception:
        record = logging.LogRecord("x", logging.ERROR, __file__, 1, "it failed", None, sys.exc_info())
    return Formatter().format(record)


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


def line(message: str, **more: Any) -> dict[str, str]:
    """What is written of a record."""
    record = logging.LogRecord("clinic.x", logging.INFO, __file__, 1, message, None, None)
    for name, value in more.items():
        setattr(record, name, value)
    text = Formatter().format(record)
    assert text.isascii() and "\n" not in text
    said: dict[str, str] = json.loads(text)
    return said


def test_line_is_one_object_with_its_time_in_utc() -> None:
    said = line("all \u00fc\u2028 is well\nWARNING forged")
    assert set(said) == {"at", "level", "logger", "message"}
    assert (said["level"], said["logger"]) == ("INFO", "clinic.x")
    assert said["message"] == "all \u00fc\u2028 is well\nWARNING forged"
    at = datetime.fromisoformat(said["at"])
    assert at.utcoffset() == timedelta(0) and abs((datetime.now(UTC) - at).total_seconds()) < 60


def test_line_names_what_it_is_about_and_nothing_else_that_a_record_carries() -> None:
    said = line("delivery waits", visit=UUID(int=7), delivery="K1", destination=3, given_name=PLANTED)
    assert (said["visit"], said["delivery"], said["destination"]) == (str(UUID(int=7)), "K1", "3")
    assert PLANTED not in str(said)


def test_line_names_its_request_or_its_job() -> None:
    assert "request" not in line("outside")
    with request_context.during("proxy-gave-this"):
        assert line("within")["request"] == "proxy-gave-this"
    with request_context.during_job("1b2c3d4e-0000-4000-8000-1234567890ab"):
        said = line("within")
        assert said["job"] == "1b2c3d4e-0000-4000-8000-1234567890ab" and "request" not in said
        assert request_context.current().request_id == "1b2c3d4e000040008000" + "1234567890ab"


@pytest.mark.django_db
def test_move_of_a_visit_is_a_line_once_it_is_committed(
    harbor: Clinic, caplog: pytest.LogCaptureFixture, django_capture_on_commit_callbacks: Any
) -> None:
    caplog.set_level(logging.INFO, "clinic.services.record")
    with django_capture_on_commit_callbacks(execute=True):
        visit = make_visit(harbor, family=PLANTED)
        assert not caplog.records
    (record,) = [one for one in caplog.records if one.name == "clinic.services.record"]
    said = json.loads(Formatter().format(record))
    assert (said["message"], said["visit"]) == ("visit check-in", str(visit.public_id))
    assert PLANTED not in str(said)


def test_what_nobody_caught_is_a_line_too(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    take_what_nobody_caught()
    thread = threading.Thread(target=int, args=[PLANTED])
    thread.start()
    thread.join()
    error = ValueError(PLANTED)
    sys.excepthook(ValueError, error, None)
    texts = [Formatter().format(record) for record in caplog.records]
    assert [json.loads(text)["message"] for text in texts] == ["a thread ended", "the process ends"]
    assert all("builtins.ValueError" in text and PLANTED not in text for text in texts)


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
