"""The event log lived through again: nothing of what came later is in what is said at a check-in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from django.core.management import CommandError, call_command

from clinic.estimates import replay, rivals, scores
from clinic.estimates.core import Line
from clinic.estimates.flow import Throughput
from clinic.estimates.replay import Case
from clinic.estimates.rivals import Quote
from clinic.models import Clinic, Visit
from clinic.presenters.day import day_summary
from clinic.services import Actor, undo
from clinic.states import Lane, Verb
from tests.clinic.conftest import Clock
from tests.clinic.estimates.past import make_past
from tests.factories import do, make_visit

pytestmark = pytest.mark.django_db


@pytest.fixture
def morning(harbor: Clinic, clock: Clock) -> list[Visit]:
    """Ten who checked in, one every three minutes; half of them were called, with a wrong call and a way out."""
    clock.at = clock.at.replace(hour=18, minute=0)
    make_past(harbor, clock.at - timedelta(days=7, hours=1))
    visits = []
    for n in range(10):
        visits.append(make_visit(harbor, lane=Lane.PRIORITY if n == 6 else Lane.STANDARD))
        clock.add(minutes=2)
        if n % 2:
            do(visits[n // 2], Verb.CALL)
        if n == 4:
            do(visits[4], Verb.CALL)
            clock.add(minutes=1)
            undo(harbor, visits[4].public_id, by=Actor())
        if n == 7:
            do(visits[7], Verb.STEP_OUT)
            clock.add(minutes=1)
            do(visits[7], Verb.RETURN)
        if n == 3:
            do(visits[3], Verb.MOVE)
    return visits


def said(clinic: Clinic) -> dict[int, dict[str, Quote]]:
    """What each way said at each check-in of today that has been called since."""
    return {case.visit: dict(case.quotes) for case in replay.replay(clinic, today(clinic)).cases}


def today(clinic: Clinic) -> date:
    day = clinic.visits.order_by("-day").values_list("day", flat=True).first()
    assert day is not None
    return day


def call_all(clinic: Clinic, clock: Clock, *, every: float) -> None:
    for visit in clinic.visits.in_line():
        clock.add(minutes=every)
        do(visit, Verb.CALL)


def test_it_says_what_was_promised_then(harbor: Clinic, morning: list[Visit], clock: Clock) -> None:
    call_all(harbor, clock, every=6)
    quotes = said(harbor)
    promised = {visit.pk: visit.promised_to for visit in morning if visit.pk in quotes}
    assert len(promised) == 9 and len(set(promised.values())) > 2
    assert {pk: quote["ours"].most for pk, quote in quotes.items()} == promised


def test_another_future_changes_nothing_that_was_said(harbor: Clinic, morning: list[Visit], clock: Clock) -> None:
    before = said(harbor)
    assert before
    call_all(harbor, clock, every=25)
    make_visit(harbor, lane=Lane.IMMEDIATE)
    for visit in morning[:3]:
        do(visit, Verb.ENTER_IN_ERROR)
    after = said(harbor)
    assert {pk: after[pk] for pk in before} == before


def test_wait_is_until_the_first_call_that_stood(harbor: Clinic, morning: list[Visit], clock: Clock) -> None:
    call_all(harbor, clock, every=6)
    found = {case.visit: case.waited for case in replay.replay(harbor, today(harbor)).cases}
    fresh = {visit.pk: visit for visit in harbor.visits.all()}
    undone, stepped_out = morning[4], morning[7]
    assert stepped_out.pk not in found
    called = fresh[undone.pk].called_at
    assert called and found[undone.pk] == (called - undone.arrived_at).total_seconds() / 60  # type: ignore[operator]


def test_who_chose_to_wait_longer_is_scored_neither_here_nor_on_the_day(harbor: Clinic, clock: Clock) -> None:
    make_past(harbor, clock.at - timedelta(days=7, hours=1))
    asked, stepped_out, back_at_once, later = (make_visit(harbor) for _n in range(4))
    do(asked, Verb.MORE_TIME)
    do(stepped_out, Verb.STEP_OUT)
    do(back_at_once, Verb.STEP_OUT)
    undo(harbor, back_at_once.public_id, by=Actor())
    do(later, Verb.CALL)
    do(later, Verb.MORE_TIME)
    do(stepped_out, Verb.RETURN)
    call_all(harbor, clock, every=2)
    scored = {case.visit for case in replay.replay(harbor, today(harbor)).cases}
    assert scored == {back_at_once.pk, later.pk}
    assert day_summary(harbor, today(harbor)).promises.count == 2


def test_nothing_is_scored_of_a_check_in_at_which_nothing_was_promised(harbor: Clinic, clock: Clock) -> None:
    make_past(harbor, clock.at - timedelta(days=7, hours=1))
    first = make_visit(harbor)
    clock.add(minutes=61)
    assert make_visit(harbor).promised_to is None
    call_all(harbor, clock, every=2)
    found = replay.replay(harbor, today(harbor))
    assert [case.visit for case in found.cases] == [first.pk]
    assert (found.silent, found.paused, found.uncalled) == (0, 1, 0)


def test_rivals_say_what_they_are_known_to_say() -> None:
    known = replay.rows.Known(Line(ahead=3), Throughput(), None)
    now = rivals.Moment(known, waits=[90, 10, 12, 14, 50, 60], rooms=2)
    assert rivals.constant(now) == Quote(30.0, 30)
    assert rivals.rolling(now) == Quote(14, 15)
    assert rivals.ours(now) is None


def test_scores_are_what_they_are_called() -> None:
    quotes = {way: Quote(10, 20) for way in rivals.WAYS}
    cases = [Case(n, "standard", 9, n, quotes, waited) for n, waited in enumerate((0, 10, 20, 40))]
    (found,) = [one for one in scores.scores(cases)["all"] if one.way == "ours"]
    assert (found.many, found.median_error, found.mse) == (4, 10, (100 + 0 + 100 + 900) / 4)
    assert (found.coverage, found.bias, found.late) == (0.75, -7.5, 0.25)
    assert list(scores.scores(cases)) == ["all", "somebody ahead", "lane standard", "from 09:00"]


def lines_of(text: str) -> Iterator[str]:
    return (line for line in text.splitlines() if line.startswith("|"))


def test_command_prints_a_table_or_json(
    harbor: Clinic, morning: list[Visit], clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    call_all(harbor, clock, every=6)
    call_command("estimates", "backtest", "--clinic", "harbor", "--days", "1", "--progress")
    out, progress = capsys.readouterr()
    assert len({line.count("|") for line in lines_of(out)}) == 1 and "rolling median" in out
    assert "reading the log of harbor" in progress
    call_command("estimates", "backtest", "--days", "1", "--json")
    found = json.loads(capsys.readouterr().out)
    assert [one["way"] for one in found["scores"]["all"]] == list(rivals.WAYS) and found["uncalled"] == 1


def test_command_says_what_it_cannot_do(harbor: Clinic) -> None:
    for words in (["--clinic", "nowhere"], ["--days", "0"], []):
        with pytest.raises(CommandError):
            call_command("estimates", "backtest", *words)
