"""20,000 bad requests over every route, half of them on each database: no failure, no half-stored row, no leak.

A failure names the number of its request: `python -m tests.input --seed SEED --only NUMBER` sends that one again.
"""

from __future__ import annotations

import pytest
from django.db import connection

from tests.input.engine import Run

pytestmark = pytest.mark.django_db
EACH = 1250
PARTS = 8
SEEDS = {"sqlite": 1, "postgresql": 2}


@pytest.mark.parametrize("part", range(PARTS))
def test_nothing_that_is_sent_breaks_anything(run: Run, part: int) -> None:
    result = run.send(SEEDS[connection.vendor], range(part * EACH, (part + 1) * EACH))
    assert result.failures == []
    assert result.count == EACH
    # Some of it is taken, or the later checks would never be reached.
    assert result.statuses["2xx"] > EACH / 20 and result.stored > EACH / 50
