"""A clinic's days and opening hours, on plain values. Moments are aware; those that come back are in UTC.

A date and a time on the clinic's wall become a moment by one rule, that of RFC 5545: where the clock is set back
and the time exists twice, it is the first; where the clock is set forward and the time does not exist, it is later
by as much as the clock jumps.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

ONE_DAY = timedelta(days=1)
# Doors that open again sooner were shut for a break: the patients stay.
BREAK = timedelta(minutes=90)
# A stretch that touches a date began on it or on the day before; one more for zones that left out a day.
MARGIN = 2 * ONE_DAY
LOOK_BACK = timedelta(days=31)
LOOK_AHEAD = 400


class Hours(NamedTuple):
    """One stretch of open doors by the clock on the wall. An end not after the start is on the next day."""

    opens: time
    closes: time


class Span(NamedTuple):
    """The same as moments: open from `start`, closed from `end`."""

    start: datetime
    end: datetime


ALL_DAY = Hours(time(0), time(0))


def moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    """When the clock on the wall of a zone shows this. In UTC, since moments of one zone compare by the wall."""
    return datetime.combine(day, at, tzinfo=zone).astimezone(UTC)


def day_of(at: datetime, begins: time, zone: ZoneInfo) -> date:
    """The day that a moment belongs to, where each day runs from `begins` to the next day's `begins`."""
    day = at.astimezone(zone).date()
    while at < moment(day, begins, zone):
        day -= ONE_DAY
    while at >= moment(day + ONE_DAY, begins, zone):
        day += ONE_DAY
    return day


@dataclass(frozen=True)
class Timetable:
    """When the doors are open. `week`: by weekday, Monday is 0; without any, they always are.

    `special`: dates with hours of their own, none of which means closed all day. A stretch belongs to the date on
    which it opens, so one that runs past midnight is not cut short by a holiday that follows.
    """

    zone: ZoneInfo
    week: Mapping[int, Sequence[Hours]] = field(default_factory=dict)
    special: Mapping[date, Sequence[Hours]] = field(default_factory=dict)

    def is_open(self, at: datetime) -> bool:
        """Whether the doors are open at a moment."""
        first = at.astimezone(self.zone).date() - MARGIN
        return any(start <= at < end for n in range(4) for start, end in self._on(first + n * ONE_DAY))

    def opens_at(self, at: datetime) -> datetime | None:
        """When the doors open next after a moment, within a year; None if never, or if they do not close."""
        later = (start for start, _end in self._spans(at - MARGIN) if start > at)
        return next(later, None)

    def closed_since(self, at: datetime) -> datetime | None:
        """When the doors were closed, at a moment when they are; None while open, and in a mere BREAK.

        None, too, where they were never open in the month before.
        """
        if self.is_open(at):
            return None
        last: datetime | None = None
        for start, end in self._spans(at - LOOK_BACK):
            if start > at:
                return last if last and start - last >= BREAK else None
            last = end
        return last

    def _spans(self, since: datetime) -> Iterator[Span]:
        """The stretches from a moment's date on, in order; those that touch are one."""
        first, current = since.astimezone(self.zone).date(), None
        for n in range(LOOK_AHEAD):
            for span in self._on(first + n * ONE_DAY):
                if current and span.start <= current.end:
                    current = Span(current.start, max(current.end, span.end))
                    continue
                if current:
                    yield current
                current = span
        if current:
            yield current

    def _on(self, day: date) -> list[Span]:
        """The stretches that begin on a date; one that lies in the hour that a clock change leaves out is none."""
        usual = self.week.get(day.weekday(), ()) if self.week else (ALL_DAY,)
        spans = [self._span(day, hours) for hours in self.special.get(day, usual)]
        return sorted(span for span in spans if span.start < span.end)

    def _span(self, day: date, hours: Hours) -> Span:
        last = day if hours.opens < hours.closes else day + ONE_DAY
        return Span(moment(day, hours.opens, self.zone), moment(last, hours.closes, self.zone))


def overlap(rows: Sequence[tuple[int, Hours]], *, cycle: int = 0) -> tuple[int, int] | None:
    """The places of two rows that are open at one time, or None. A row is (number of the day, hours).

    `cycle`: after so many days it begins anew, so that a night from Sunday may meet Monday.
    """
    numbered = [(day + shift, hours, place) for place, (day, hours) in enumerate(rows) for shift in {0, cycle}]
    spans = sorted((*_minutes(day, hours), place) for day, hours, place in numbered)
    return next(((min(a, b), max(a, b)) for (_, end, a), (start, _, b) in pairwise(spans) if start < end), None)


def _minutes(day: int, hours: Hours) -> tuple[float, float]:
    start, end = (day * 1440 + at.hour * 60 + at.minute + at.second / 60 for at in hours)
    return start, end if hours.opens < hours.closes else end + 1440
