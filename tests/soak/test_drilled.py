"""What `make soak ARGS=drill` counts as a drill that failed by the right goal."""

from __future__ import annotations

from subprocess import CompletedProcess

import pytest

from tests.soak import drilled
from tests.soak.broken import patches

GOAL = "EMR jobs begin as soon"
# As the drill wraps it.
SAID = "met     Every EMR job began\nMISSED  EMR jobs begin\n        as soon in the outage as without it\n"


def test_every_patch_of_the_drill_is_there() -> None:
    assert set(drilled.MISSED) <= {patch.name for patch in patches()}


def test_drill_that_failed_by_its_goal_is_caught() -> None:
    assert drilled.is_missed(CompletedProcess([], 1, SAID), GOAL)


@pytest.mark.parametrize(
    ("code", "said"),
    [(0, SAID), (1, SAID.replace("MISSED  ", "met     ")), (1, ""), (2, SAID), (-9, SAID)],
)
def test_drill_that_passed_or_broke_or_failed_by_another_is_not(code: int, said: str) -> None:
    assert not drilled.is_missed(CompletedProcess([], code, said), GOAL)
