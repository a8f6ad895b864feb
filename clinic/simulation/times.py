"""Times as people write them: a week, a moment in it, a span. Each raises ValueError for what it cannot read."""

from __future__ import annotations

import re
from datetime import date, timedelta

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MINUTE, HOUR = 60.0, 3600.0
FIRST_YEAR, LAST_YEAR = 1970, 2100


def parse_week(text: str) -> date:
    """The Monday of an ISO week such as "2019-W03"."""
    found = re.fullmatch(r"(\d{4})-W(\d\d)", text.strip(), re.ASCII | re.IGNORECASE)
    if not found or not FIRST_YEAR <= int(found[1]) <= LAST_YEAR:
        raise ValueError(text)
    return date.fromisocalendar(int(found[1]), int(found[2]), 1)


def parse_moment(text: str) -> timedelta:
    """What has passed of a week, since Monday's midnight, at a moment such as "Mon 08:00"."""
    found = re.fullmatch(r"([a-z]{3}) (\d?\d):(\d\d)", text.strip(), re.ASCII | re.IGNORECASE)
    if not found or not (int(found[2]) < 24 and int(found[3]) < 60):
        raise ValueError(text)
    return timedelta(WEEKDAYS.index(found[1].title()), hours=int(found[2]), minutes=int(found[3]))


def parse_span(text: str) -> timedelta:
    """A length such as "2h" or "90m"."""
    found = re.fullmatch(r"(\d{1,4})([hm])", text.strip(), re.ASCII | re.IGNORECASE)
    if not found or int(found[1]) == 0:
        raise ValueError(text)
    return timedelta(**{"hours" if found[2] in "hH" else "minutes": int(found[1])})


def moment(passed: timedelta) -> str:
    """What `parse_moment` reads, of what has passed since some Monday's midnight."""
    minutes = int(passed.total_seconds() // MINUTE)
    return f"{WEEKDAYS[minutes // 1440 % 7]} {minutes // 60 % 24:02}:{minutes % 60:02}"
