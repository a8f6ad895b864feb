"""What the rows of a day say: whom they keep waiting, and who keeps us waiting."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from clinic.estimates import rows
from clinic.estimates.core import History
from clinic.estimates.rows import Row
from clinic.states import State

NOON = datetime(2026, 2, 3, 18, 0, tzinfo=UTC)
PAST = History(served=100, pace=0.1, places=3)


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def row(state: State = State.WAITING, **minutes: float) -> Row:
    """One who came at noon; the other moments as minutes after it."""
    times: dict[str, Any] = dict.fromkeys(Row._fields[3:]) | {name: at(after) for name, after in minutes.items()}
    return Row(1, state, NOON, **times | {"arrived_at": NOON})


def known(one: Row, minutes: float) -> rows.Known:
    """To somebody who comes so many minutes after noon."""
    now = at(minutes)
    return rows.known([one], (now, 2), None, (now, at(-600)), PAST)


def test_nobody_waits_for_us_while_they_ask_for_time() -> None:
    deferred = known(row(asked_at=18, not_before=28), 20)
    assert (deferred.line.ahead, deferred.line.deferred, deferred.line.longest) == (0, (8,), 0)
    assert deferred.recent.busy == 0
    ready = known(row(asked_at=18, not_before=28), 34)
    assert (ready.line.ahead, ready.line.longest, ready.recent.busy) == (1, 6, 6)


@pytest.mark.parametrize(("called", "busy"), [(25, 0), (40, 12)])
def test_time_that_was_asked_for_is_no_wait_after_the_call_either(called: float, busy: float) -> None:
    one = row(State.ROOMED, asked_at=18, called_at=called)
    assert known(one, 45).recent.busy == pytest.approx(busy)
