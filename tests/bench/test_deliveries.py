"""The rows of deliveries say what was measured, and nothing passes that was not."""

from __future__ import annotations

from unittest.mock import Mock

import pytest

from tests.bench.part import QUICK
from tests.bench.parts import deliveries
from tests.bench.parts.deliveries import KINDS, Cast, Kind
from tests.bench.stats import NotMeasured


def test_rates_and_costs_are_of_the_best_run_beside_the_bare_protocol() -> None:
    kind = Kind(took=[0.5, 0.1], spent=[0.2, 0.05], bare_took=[0.02, 0.05], bare_spent=[0.01, 0.01])
    rows = deliveries._drain_rows(Mock(sizes=QUICK, method=[]), dict.fromkeys(KINDS, kind))
    rate, cost, cpu = rows[:3]
    assert (rate.value, rate.rival_value, rate.met) == (pytest.approx(100), pytest.approx(500), True)
    assert (cost.value, cost.rival_value) == (pytest.approx(10), pytest.approx(2))
    assert (cpu.value, cpu.rival_value) == (pytest.approx(5), pytest.approx(1))
    assert len(rows) == 3 * len(KINDS)


def test_a_drain_that_was_too_slow_is_told_and_fails_nothing() -> None:
    slow = Kind(took=[1.0], spent=[0.1], bare_took=[0.1], bare_spent=[0.1])
    row = deliveries._drain_rows(Mock(sizes=QUICK, method=[]), dict.fromkeys(KINDS, slow))[0]
    assert (row.met, row.failed) == (False, False)


@pytest.mark.parametrize(("late", "is_met"), [([12.0], True), ([40.0], False)])
def test_whoever_is_disturbed_by_a_drain_fails_the_bench(late: list[float], is_met: bool) -> None:
    row = deliveries._disturbance_rows(Mock(sizes=QUICK, method=[]), [[10.0]], [late])[0]
    assert (row.met, row.failed) == (is_met, not is_met)


@pytest.mark.parametrize(("left", "fails"), [(5, False), (0, True)])
def test_a_backlog_that_is_gone_too_soon_disturbs_nobody(left: int, fails: bool) -> None:
    owed = Mock(call=Mock(side_effect=lambda name, *words: left if name == "pause" else None))
    cast, bench = Cast(owed, Mock(), Mock()), Mock(sizes=QUICK)
    if fails:
        with pytest.raises(NotMeasured, match="too soon"), deliveries._draining(bench, cast):
            pass
    else:
        with deliveries._draining(bench, cast):
            owed.call.assert_called_with("begin", "webhook")


def test_what_came_wrong_is_no_figure() -> None:
    with pytest.raises(NotMeasured, match="out of order"):
        deliveries._must_be_well(Mock(received=lambda: {"violations": [{"what": "out of order: 1 after 2"}]}))
    deliveries._must_be_well(Mock(received=lambda: {"violations": []}))
