"""The figure by itself: what raises it, what cannot lower it, and when there is none."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from clinic.estimates.core import LEAST_HISTORY, LEAST_TODAY, History, Line, enough, forecast, rate, usual, wait
from clinic.estimates.flow import Stay, Throughput, throughput

TEN_A_MINUTE = History(served=100, pace=0.1, places=3)
QUIET = Throughput()

minutes = some.floats(0, 600, allow_nan=False)
stretches = some.builds(
    lambda served, busy, places: Throughput(served, served, busy, places),
    some.integers(0, 60),
    some.floats(0, 90),
    some.floats(0, 10),
)
pasts = some.builds(
    History, some.integers(0, 2000), some.floats(0, 2), some.floats(0, 12), some.sampled_from([0.0, 0.001, 0.02])
)
lines = some.builds(
    Line,
    some.integers(0, 60),
    some.integers(0, 12),
    some.floats(0, 240),
    some.lists(some.floats(0.1, 120), max_size=4).map(tuple),
    some.floats(0, 120),
)
stays = some.builds(
    lambda joined, waits, care, stays_on: Stay(joined, joined + waits, joined + waits + care * stays_on, stays_on),
    some.floats(0, 200),
    some.floats(0, 120),
    some.floats(0, 60),
    some.booleans(),
)


def test_people_ahead_over_the_pace_and_half_a_turn_for_the_place_to_come_free() -> None:
    line = Line(ahead=3, in_care=3, longest=20)
    assert wait(line, QUIET, TEN_A_MINUTE).likely == pytest.approx(3.5 / 0.1)
    assert wait(replace(line, ahead=0), QUIET, TEN_A_MINUTE).likely == pytest.approx(0.5 / 0.1)


def test_a_free_place_beside_nobody_who_waits_is_no_wait() -> None:
    assert wait(Line(ahead=0, in_care=1), QUIET, TEN_A_MINUTE).likely == 0
    jammed = Line(ahead=2, in_care=0, longest=20)
    assert wait(jammed, QUIET, TEN_A_MINUTE).likely == pytest.approx(25)


def test_the_last_ninety_minutes_and_the_past_are_weighed() -> None:
    assert rate(QUIET, TEN_A_MINUTE) == 0.1
    slow = rate(Throughput(served=1, moved=1, busy=90), TEN_A_MINUTE)
    assert 1 / 90 < slow < 0.1
    assert rate(Throughput(served=9, moved=9, busy=45), History()) == 0.2


def test_time_that_nobody_had_to_wait_says_nothing_of_the_pace() -> None:
    at_once = [Stay(n * 10, n * 10 + 0.5, n * 10 + 20, True) for n in range(9)]
    assert throughput(at_once, 0, 90).busy == 0 and throughput(at_once, 0, 90).served == 9


def test_pace_counts_those_who_went_while_others_waited() -> None:
    line = [Stay(0, n * 10, n * 10 + 30, True) for n in range(1, 10)]
    found = throughput(line, 0, 85)
    assert (found.served, found.busy) == (8, 85)
    assert found.moved / found.busy == pytest.approx(0.1, abs=0.02)
    assert found.places == pytest.approx(2.5, abs=0.5) and found.care == 30


def test_clinic_where_nobody_had_to_wait_is_known_by_its_places() -> None:
    never = [Stay(n * 10, n * 10 + 0.5, n * 10 + 20, True) for n in range(60)]
    day = throughput(never, 0, 1440)
    assert usual([], [day]).pace == pytest.approx(2 / 19.5)


def test_share_of_a_long_line_gives_up_and_those_behind_wait_less() -> None:
    gone = [Stay(0, 50, 50), *(Stay(0, 10, 30, True) for _n in range(3))]
    found = throughput(gone, 0, 90)
    assert (found.left, found.waited, found.served) == (1, 80, 3)
    line, patient = Line(ahead=20, longest=60), TEN_A_MINUTE
    leaving = wait(line, QUIET, replace(patient, leaving=0.005)).likely
    assert (
        leaving == pytest.approx(math.log1p(0.005 * 205) / 0.005) and leaving < wait(line, QUIET, patient).likely
    )


def test_no_figure_under_a_least_history() -> None:
    line, short = Line(ahead=3), History(served=LEAST_HISTORY - 1, pace=0.1)
    today = Throughput(served=LEAST_TODAY, moved=LEAST_TODAY, busy=60, places=2, most=2, care=20)
    assert forecast(line, QUIET, enough(short, lambda: replace(today, served=LEAST_TODAY - 1))) is None
    assert forecast(line, QUIET, enough(short, lambda: today)) is not None
    giving_up = enough(short, lambda: replace(today, left=9, waited=90))
    assert giving_up is not None and giving_up.leaving == 0
    assert enough(replace(short, served=LEAST_HISTORY), lambda: today) == replace(short, served=LEAST_HISTORY)


def test_who_asked_to_be_called_later_counts_where_that_is_before_this_ones_turn() -> None:
    line = Line(ahead=4, in_care=3, longest=9)
    assert wait(replace(line, deferred=(30.0,)), QUIET, TEN_A_MINUTE).likely == pytest.approx(55)
    assert wait(replace(line, deferred=(90.0,)), QUIET, TEN_A_MINUTE).likely == pytest.approx(45)


def test_figure_is_paused_when_nobody_was_called_for_an_hour() -> None:
    known = (Line(ahead=3), Throughput(busy=60), TEN_A_MINUTE)
    found = forecast(*known)
    assert found is not None and found.is_paused
    moving = forecast(known[0], Throughput(served=1, moved=1, busy=60), TEN_A_MINUTE)
    assert moving is not None and not moving.is_paused


@given(lines, stretches, pasts)
def test_range_is_in_fives_and_rounded_up(line: Line, recent: Throughput, past: History) -> None:
    found, spread = forecast(line, recent, past), wait(line, recent, past)
    assert found is not None
    assert found.low % 5 == found.high % 5 == 0 and 5 <= found.low < found.high
    assert found.low >= spread.early and found.high >= spread.late >= spread.likely >= spread.early
    assert found.low >= line.not_before


@given(lines, stretches, pasts)
def test_one_more_ahead_never_shortens_the_wait(line: Line, recent: Throughput, past: History) -> None:
    more = replace(line, ahead=line.ahead + 1)
    assert wait(more, recent, past).likely >= wait(line, recent, past).likely


@settings(max_examples=200)
@given(some.lists(stays, max_size=20), some.floats(0, 60), some.lists(some.floats(0, 190), min_size=1), pasts)
def test_while_nobody_is_called_the_figure_never_falls(
    before: list[Stay], jam: float, joined: list[float], past: History
) -> None:
    """Of one behind those who are in line at 200, the first for ten minutes at least; and so many minutes later.

    Nothing has happened since but discharges, and some behind gave up.
    """
    known = [one for one in before if one.went is not None and (one.went <= 200 or not one.was_called)]
    line = [Stay(at) for at in joined]

    def likely(now: float) -> float:
        in_care = sum(one.was_called and one.gone > now for one in known)  # type: ignore[operator]
        waiting = Line(len(line), in_care, longest=now - min(joined))
        return wait(waiting, throughput([*known, *line], now - 90, now), past).likely

    assert likely(200 + jam) >= likely(200) * 0.999999


@given(some.lists(stays, max_size=20), minutes, minutes)
def test_pace_of_a_stretch_is_what_happened_in_it(some_stays: list[Stay], since: float, lasts: float) -> None:
    found = throughput(some_stays, since, since + lasts)
    assert 0 <= found.moved <= found.served <= len(some_stays) and 0 <= found.busy <= lasts + 1e-6
    assert 0 <= found.places <= len(some_stays) + 1e-6
