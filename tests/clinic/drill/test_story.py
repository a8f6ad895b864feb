"""The one sentence: two figures, and where they come from."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clinic.drill.story import Side, story
from tests.clinic.drill import made


def test_it_says_both_waits_in_seconds() -> None:
    told = story(
        [
            replace(made.empty("incident"), emr=made.waited([31.2, 1.0, None])),
            replace(made.empty("evenkeel"), emr=made.waited([0.021, 0.002])),
            replace(made.empty("evenkeel", "well"), emr=made.waited([9.0])),
        ]
    )
    assert told is not None
    assert told.theirs == Side("59 s", 3, 1)
    assert told.ours == Side("0.021 s", 2, 0)
    assert " ".join(told.lines) == (
        "In the outage, the record system's jobs waited 59 s with the design of 2019 "
        "and 0.021 s with Evenkeel, on the same work."
    )


@pytest.mark.parametrize("silent", ["incident", "evenkeel"])
def test_it_says_nothing_of_what_was_not_measured(silent: str) -> None:
    runs = [run for run in made.ladder() if run.design != silent]
    assert story(runs) is None
    assert story([*runs, made.empty(silent)]) is None
