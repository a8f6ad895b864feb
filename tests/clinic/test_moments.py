from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from clinic.moments import moment

NOW = datetime(2026, 11, 30, 0, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ago", "said"),
    [
        (timedelta(), "00:05 UTC"),
        (timedelta(minutes=5), "00:00 UTC"),
        (timedelta(minutes=6), "29 Nov 23:59 UTC"),
        (timedelta(days=26), "4 Nov 00:05 UTC"),
        (timedelta(days=-1), "1 Dec 00:05 UTC"),
    ],
)
def test_day_is_said_when_it_is_another(ago: timedelta, said: str) -> None:
    assert moment(NOW - ago, NOW) == said


def test_day_is_that_of_utc_whatever_zone_a_time_comes_in() -> None:
    west = timezone(timedelta(hours=-8))
    assert moment((NOW - timedelta(minutes=6)).astimezone(west), NOW.astimezone(west)) == "29 Nov 23:59 UTC"
    assert moment(NOW.astimezone(west), NOW) == "00:05 UTC"
