"""Servers whose clocks differ, on whichever database the settings name."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clinic import boards, clock, presenters
from clinic.integrations import engine
from clinic.models import Clinic
from clinic.services import Actor, call_together, check_in_together
from clinic.states import Verb
from tests.factories import answers, do, make_destination, make_visit

pytestmark = pytest.mark.django_db
AHEAD, BEHIND = timedelta(hours=3), timedelta(hours=-3)
SOON = timedelta(minutes=1)


@pytest.fixture
def has_clock() -> bool:
    """Whether the database has one of its own."""
    return connection.vendor == "postgresql"


def set_clock(monkeypatch: pytest.MonkeyPatch, off: timedelta) -> None:
    """This server's clock is off from now on."""
    monkeypatch.setattr(timezone, "now", lambda: datetime.now(UTC) + off)


@pytest.mark.parametrize("off", [AHEAD, BEHIND])
def test_time_is_the_databases_where_it_has_a_clock(
    monkeypatch: pytest.MonkeyPatch, has_clock: bool, off: timedelta
) -> None:
    set_clock(monkeypatch, off)
    wrong_by = clock.now() - datetime.now(UTC)
    assert abs(wrong_by - (timedelta(0) if has_clock else off)) < SOON


@pytest.mark.parametrize("off", [AHEAD, BEHIND])
def test_page_says_the_time_that_services_write(
    harbor: Clinic, monkeypatch: pytest.MonkeyPatch, has_clock: bool, off: timedelta
) -> None:
    set_clock(monkeypatch, off)
    said = boards.page(harbor, 1)["now"]
    wrong_by = timedelta(milliseconds=int(str(said))) - (datetime.now(UTC) - datetime(1970, 1, 1, tzinfo=UTC))
    assert abs(wrong_by - (timedelta(0) if has_clock else off)) < SOON


def test_what_two_servers_write_is_in_order_and_nobody_waits_less_than_nothing(
    harbor: Clinic, monkeypatch: pytest.MonkeyPatch, has_clock: bool
) -> None:
    set_clock(monkeypatch, AHEAD)
    visit, other = make_visit(harbor), make_visit(harbor)
    set_clock(monkeypatch, BEHIND)
    do(visit, Verb.CALL)
    visit.refresh_from_db()
    times = [event.at for event in visit.events.order_by("sequence")]
    assert times == sorted(times) and visit.called_at == times[-1]
    if has_clock:
        assert all(abs(at - datetime.now(UTC)) < SOON for at in times)
    board = presenters.desk_board(harbor)
    assert [(card.ticket, card.waited) for card in board.called + board.waiting] == [
        (visit.ticket, 0),
        (other.ticket, 0),
    ]


def test_service_asks_for_the_time_once(harbor: Clinic, has_clock: bool) -> None:
    people = [answers("Ana"), *(answers(name, born=date(2020, 2, 29)) for name in ("Leo", "Mia"))]
    room = harbor.rooms.get(name="Room 1")
    asked = []
    with CaptureQueriesContext(
        connection,
    ) as queries:
        visits = check_in_together(harbor, people, by=Actor())
        asked.append(sum("clock_timestamp" in query["sql"] for query in queries))
        call_together(harbor, visits[0].public_id, by=Actor(), room=room)
        asked.append(sum("clock_timestamp" in query["sql"] for query in queries))
    assert asked == ([1, 2] if has_clock else [0, 0])


def test_delivery_is_due_at_once_and_its_lease_holds_whatever_the_workers_clocks_say(
    harbor: Clinic, monkeypatch: pytest.MonkeyPatch, no_redis: object, has_clock: bool
) -> None:
    pk = make_destination(harbor).pk
    make_visit(harbor)
    set_clock(monkeypatch, BEHIND)
    assert (engine.claim(pk) is not None) == has_clock, "as if it were of the future"
    set_clock(monkeypatch, timedelta(0))
    assert (engine.claim(pk) is None) == has_clock
    set_clock(monkeypatch, AHEAD)
    assert (engine.claim(pk) is None) == has_clock, "as if the lease had lapsed"
