"""Percentiles are samples that were seen, and the best run wins."""

from __future__ import annotations

import pytest

from tests.bench.stats import NotMeasured, best, milliseconds, p50, p99, percentile

HUNDRED = [float(n) for n in range(100, 0, -1)]


def test_percentiles_are_samples() -> None:
    assert (p50(HUNDRED), p99(HUNDRED), percentile(HUNDRED, 1.0)) == (50.0, 99.0, 100.0)
    assert p99([1.0, 2.0, 50.0]) == 50.0
    assert p50([7.0]) == 7.0


def test_no_samples_are_an_error() -> None:
    with pytest.raises(NotMeasured):
        p50([])
    with pytest.raises(NotMeasured):
        best([], p50)
    with pytest.raises(NotMeasured):
        best([[1.0], []], p50)


def test_the_best_run_is_that_with_the_least() -> None:
    assert best([[5.0, 6.0, 7.0], [1.0, 8.0, 9.0], [6.0, 6.0, 6.0]], p50) == 6.0
    assert best([[5.0, 6.0, 7.0], [1.0, 8.0, 9.0]], p99) == 7.0


def test_seconds_become_milliseconds() -> None:
    assert milliseconds([0.5, 0.25]) == [500.0, 250.0]
