"""Each judgement passes and fails where it should; what was not measured is never a pass."""

from __future__ import annotations

import pytest

from tests.bench import rows
from tests.bench.rows import Row
from tests.bench.stats import NotMeasured


def at_most(value: float) -> Row:
    return rows.at_most("a", value, "ms", "floor", 10.0, 2)


def sooner(value: float) -> Row:
    return rows.sooner("a", value, "ms", "rival", 80.0, 8)


def more(value: float) -> Row:
    return rows.more("a", value, "/s", "rival", 100.0, 10)


def within_noise(value: float) -> Row:
    return rows.within_noise("a", value, "well", 10.0)


def within_noise_of_much(value: float) -> Row:
    return rows.within_noise("a", value, "well", 100.0)


def count(value: float) -> Row:
    return rows.count("a", value, "requests", "naive", 1000, 20)


@pytest.mark.parametrize(
    ("judge", "good", "bad"),
    [
        (at_most, 20.0, 20.1),
        (sooner, 10.0, 10.1),
        (more, 1000.0, 999.0),
        (within_noise, 15.0, 15.1),
        (within_noise_of_much, 109.9, 110.2),
        (count, 20, 21),
    ],
)
def test_what_is_judged_fails_just_beyond_its_goal(judge: object, good: float, bad: float) -> None:
    assert callable(judge)
    assert (judge(good).met, judge(good).failed) == (True, False)
    assert (judge(bad).met, judge(bad).failed) == (False, True)


def test_one_probe_is_exactly_one() -> None:
    assert rows.count("probes", 1, "probes", None, None, 1).met
    assert rows.count("probes", 2, "probes", None, None, 1).failed
    assert rows.count("probes", 1, "probes", None, None, 1).goal == "exactly 1"


def test_milliseconds_are_reported_and_fail_nothing() -> None:
    late = rows.reported("p50", 31.0, "ms", reach=30)
    assert (late.met, late.failed, late.goal) == (False, False, "about 30 ms (reported)")
    plain = rows.reported("p50", 31.0, "ms", "rival", 10.0)
    assert (plain.met, plain.failed, plain.goal) == (None, False, "(reported)")


@pytest.mark.parametrize("nothing", [0.0, -1.0, float("inf"), float("nan")])
def test_a_figure_that_is_none_is_an_error_on_either_side(nothing: float) -> None:
    with pytest.raises(NotMeasured):
        at_most(nothing)
    with pytest.raises(NotMeasured):
        rows.more("a", 100.0, "/s", "rival", nothing, 10)
    with pytest.raises(NotMeasured):
        rows.count("a", nothing, "requests", None, None, 20)


@pytest.mark.parametrize("nothing", [0.0, -1.5])
def test_what_is_only_reported_may_be_nothing_or_less_but_never_no_number(nothing: float) -> None:
    assert rows.reported("memory", nothing, "KB", "rival", nothing, reach=25).met
    with pytest.raises(NotMeasured):
        rows.reported("memory", float("nan"), "KB")
    with pytest.raises(NotMeasured):
        rows.reported("memory", 1.0, "KB", "rival", float("inf"))


def test_a_row_has_the_fields_that_the_json_promises() -> None:
    assert rows.at_most("a", 12.34567, "ms", "floor", 10.0, 2).as_json() == {
        "name": "a",
        "value": 12.35,
        "unit": "ms",
        "rival": "floor",
        "rival_value": 10.0,
        "goal": "at most 2x the rival",
        "met": True,
    }
    assert rows.count("p", 1, "probes", None, None, 1).as_json()["rival_value"] is None
