from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from clinic.models import Clinic, Destination
from clinic.presenters.engine_rates import Rate, rates
from clinic.spans import span
from tests.clinic.engine_states import put
from tests.clinic.owed import owe

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 25, 10, 2, tzinfo=UTC)


def rate(harbor: Clinic, emr: Destination, *minutes: float) -> Rate:
    """With one delivered so many minutes ago each."""
    for ago in minutes:
        put(owe(harbor)[0], "delivered", delivered_at=NOW - timedelta(minutes=ago))
    return rates([emr.pk], NOW)[emr.pk]


def test_bars_are_of_five_minutes_the_last_one_not_over(harbor: Clinic, emr: Destination) -> None:
    found = rate(harbor, emr, 1, 1, 3, 8, 116, 300)
    # It is 10:02: two since 10:00, one at 9:59, one at 9:54, one at 8:06. Each is 4 wide and 1 from the next.
    assert found.bars == "M0 24v-12h4v12zM105 24v-12h4v12zM110 24v-12h4v12z"
    assert (found.open_bar, found.most) == ("M115 24v-24h4v24z", 2)


def test_very_little_beside_much_can_be_seen(harbor: Clinic, emr: Destination) -> None:
    assert "M110 24v-2h4v2z" in rate(harbor, emr, 3, *[8] * 30).bars


@pytest.mark.parametrize(
    ("minutes", "hour", "minute"), [([59], 1, "0"), ([61], 0, "0"), ([1] * 2, 2, "0.4"), ([1] * 50, 50, "10")]
)
def test_hour_and_minute_end_now(
    harbor: Clinic, emr: Destination, minutes: list[int], hour: int, minute: str
) -> None:
    found = rate(harbor, emr, *minutes)
    assert (found.last_hour, found.a_minute) == (hour, minute)


def test_picture_is_said_in_words(harbor: Clinic, emr: Destination) -> None:
    assert rate(harbor, emr, 100, 100).words.endswith("2 at most, none for the last 100 minutes")
    assert rate(harbor, emr, 3).words.endswith("2 at most, 1 in the last whole one")


def test_destination_that_took_nothing_is_missing(harbor: Clinic, emr: Destination) -> None:
    owe(harbor)
    assert rates([emr.pk], NOW) == {}


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "under 10 s"),
        (9, "under 10 s"),
        (47, "40 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (7800, "2 h 10 min"),
        (86400, "1 d"),
        (273600, "3 d 4 h"),
    ],
)
def test_lengths_of_time(seconds: int, words: str) -> None:
    assert span(timedelta(seconds=seconds)) == words
