"""The delays of a stretch, from what the parts of a run wrote down."""

from __future__ import annotations

from clinic.drill.record import Delay
from clinic.drill.stretch import Change, Stretch

STRETCH = Stretch(100.0, 130.0)


def test_delivery_waits_for_its_own_job() -> None:
    committed, starts = {1: 101.0, 2: 102.0, 3: 103.0}, {2: 102.5, 1: 101.25, 9: 104.0}
    assert STRETCH.emr(committed, starts) == (Delay(1.0, 0.25), Delay(2.0, 0.5), Delay(3.0, None))


def test_only_what_was_committed_in_the_stretch_counts() -> None:
    assert STRETCH.emr({1: 99.9, 2: 100.0}, {1: 110.0, 2: 110.0}) == (Delay(0.0, 10.0),)


def test_what_comes_at_the_end_or_later_never_came() -> None:
    assert STRETCH.emr({1: 120.0, 2: 120.0}, {1: 130.0, 2: 129.0}) == (Delay(20.0, None), Delay(20.0, 9.0))


def test_clocks_that_differ_by_microseconds_give_no_wait() -> None:
    assert STRETCH.emr({1: 120.0}, {1: 119.99995}) == (Delay(20.0, 0.0),)


def test_screen_shows_a_change_by_its_version_or_a_newer_one() -> None:
    changes = [Change("a", 5, 101.0), Change("b", 9, 102.0), Change("a", 6, 103.0), Change("a", 7, 104.0)]
    shown = [[4, 100.0], [5, 101.5], [7, 104.25]]
    assert STRETCH.screen("a", changes, shown) == [Delay(1.0, 0.5), Delay(3.0, 1.25), Delay(4.0, 0.25)]


def test_screen_that_hears_no_more_never_shows_it() -> None:
    changes = [Change("a", 4, 99.0), Change("a", 5, 101.0), Change("a", 6, 103.0)]
    assert STRETCH.screen("a", changes, [[5, 101.5]]) == [Delay(1.0, 0.5), Delay(3.0, None)]
    assert STRETCH.screen("a", changes, []) == [Delay(1.0, None), Delay(3.0, None)]
