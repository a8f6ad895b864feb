"""Percentiles by nearest rank, waits without an end, and what was held before and after a breaker opened."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clinic.drill.measures import Opened, longest, never, once_open, percentile, share_held, spells, waits
from clinic.drill.record import Delay, Run, Sample
from tests.clinic.drill import made


def with_holds(*pattern: tuple[float, int]) -> Run:
    """A run whose workers the vendor held so: seconds, workers, one after the other."""
    samples = made.held(pattern)
    return replace(made.empty(), samples=samples, seconds=sum(seconds for seconds, _ in pattern))


def opened(*pattern: tuple[float, int]) -> Opened | None:
    run = with_holds(*pattern)
    return once_open(run)


@pytest.mark.parametrize(
    ("count", "percent", "value"),
    [(1, 50, 1), (1, 99, 1), (2, 50, 1), (3, 50, 2), (40, 99, 40), (99, 99, 99), (100, 99, 99), (101, 99, 100),
     (1000, 99, 990), (10, 100, 10), (10, 0, 1)],
)  # fmt: skip
def test_percentiles_are_by_nearest_rank(count: int, percent: int, value: float) -> None:
    assert percentile([float(one) for one in range(1, count + 1)], percent) == value


def test_nothing_has_no_percentile() -> None:
    assert percentile([], 50) is None


def test_what_never_came_has_waited_to_the_runs_end() -> None:
    delays = [Delay(10.0, None), Delay(1.0, 3.0), Delay(59.0, None)]
    assert waits(delays, 60.0) == [1.0, 3.0, 50.0]
    assert never(delays) == 2


def test_the_longest_queue_is_one_queue_not_their_sum() -> None:
    assert longest(Sample(0.0, {"notices": 3, "integrations": 7}, 0)) == 7
    assert longest(Sample(0.0, {}, 0)) == 0


def test_the_share_held_is_of_all_workers_time() -> None:
    run = replace(made.empty(), held_seconds=60.0, seconds=60.0, workers=4)
    assert share_held(run) == 0.25
    assert share_held(replace(run, seconds=0.0)) == 0.0
    assert share_held(replace(run, workers=0)) == 0.0


def test_spells_are_cut_where_holding_begins_and_ends() -> None:
    run = with_holds((2.0, 0), (1.0, 1), (0.5, 3), (4.0, 0))
    found = [(spell.begin, spell.end, spell.held, spell.most) for spell in spells(run)]
    assert found == [(0.0, 2.0, False, 0), (2.0, 3.5, True, 3), (3.5, 7.5, False, 0)]
    assert [spell.worker_seconds for spell in spells(run)] == [0.0, 2.5, 0.0]


def test_what_is_seen_after_the_end_does_not_count() -> None:
    run = replace(with_holds((2.0, 0), (1.0, 1), (5.0, 0)), seconds=2.5)
    assert [(spell.begin, spell.end) for spell in spells(run)] == [(0.0, 2.0), (2.0, 2.5)]
    assert spells(made.empty()) == []


def test_once_open_nothing_is_held() -> None:
    assert opened((1.0, 0), (5.0, 1), (54.0, 0)) == Opened(0.0, 0.0, 0)


def test_probes_count_apart() -> None:
    found = opened((5.0, 1), (10.0, 0), (1.0, 1), (20.0, 0), (1.25, 1), (22.75, 0))
    assert found is not None and (found.share, found.probes) == (0.0, 2)
    assert found.with_probes == pytest.approx(2.25 / (55 * made.WORKERS))


@pytest.mark.parametrize(
    "after",
    [
        pytest.param([(2.25, 1), (40.0, 0)], id="longer than a deadline"),
        pytest.param([(1.0, 2), (40.0, 0)], id="two workers at once"),
    ],
)
def test_a_call_that_is_long_or_not_alone_is_no_probe(after: list[tuple[float, int]]) -> None:
    found = opened((5.0, 1), (10.0, 0), *after)
    assert found is not None and found.probes == 0
    assert found.share == found.with_probes > 0.0


def test_calls_that_follow_each_other_are_no_probes() -> None:
    found = opened((5.0, 1), (10.0, 0), *[(1.0, 1), (2.0, 0)] * 10)
    assert found is not None and found.probes == 1
    assert found.share == pytest.approx(9 / (40 * made.WORKERS))


def test_without_a_rest_it_never_opened() -> None:
    assert opened(*[(1.0, 1), (0.5, 0)] * 40) is None
    assert opened((60.0, 4)) is None
    assert once_open(made.empty()) is None


def test_quiet_before_the_first_call_is_no_open_breaker() -> None:
    assert opened((20.0, 0), *[(1.0, 1), (0.25, 0)] * 30) is None
