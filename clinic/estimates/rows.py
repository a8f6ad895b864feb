"""What an estimate reads of visits, and what it makes of that: the same for the clinic now and for its past."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, time, timedelta
from typing import NamedTuple, TypeAlias

from clinic.calendar import ONE_DAY, moment
from clinic.estimates.core import WINDOW, History, Line, enough, usual
from clinic.estimates.flow import Stay, Throughput, throughput
from clinic.models import Clinic
from clinic.models.visits import MORE_TIME
from clinic.states import State

WEEKS = 8
ONE_WEEK = 7 * ONE_DAY
# The usual of an hour of the week is that of the hour before to the hour after, too.
BESIDE = timedelta(hours=1)
IN_CARE = (State.CALLED, State.ROOMED)

Place: TypeAlias = tuple[datetime, int]
Span: TypeAlias = tuple[float, float]


class Row(NamedTuple):
    """The fields of a visit that has arrived. `asked_at`: when its patient last asked for more time."""

    pk: int
    state: str
    order_key: datetime
    not_before: datetime | None
    arrived_at: datetime
    called_at: datetime | None
    stepped_out_at: datetime | None
    ended_at: datetime | None
    asked_at: datetime | None

    @property
    def ready_at(self) -> datetime:
        """Since when somebody waits for us: not while they themselves put it off."""
        return max(self.arrived_at, self.asked_at + MORE_TIME) if self.asked_at else self.arrived_at


class Known(NamedTuple):
    """All that `core.forecast` goes by."""

    line: Line
    recent: Throughput
    history: History | None


def known(
    rows: Sequence[Row], place: Place, wish: datetime | None, at: tuple[datetime, datetime], past: History
) -> Known:
    """What the rows of a day say to somebody at a place in line. `at`: now, and when the day began."""
    now, day = at
    stays, until = list(stays_of(rows)), minute(now)
    recent = throughput(stays, until - WINDOW, until)
    return Known(
        _line(rows, place, wish, now), recent, enough(past, lambda: throughput(stays, minute(day), until))
    )


def history(clinic: Clinic, rows: Iterable[Row], now: datetime) -> History:
    """The usual of this hour of the week, from the rows of `days_like` this one."""
    stays = list(stays_of(rows))
    hours, days = _like(clinic, now)
    return usual([throughput(stays, *span) for span in hours], [throughput(stays, *span) for span in days])


def _like(clinic: Clinic, now: datetime) -> tuple[list[Span], list[Span]]:
    """The hours and the days of the last WEEKS that are like this one, by the clinic's own clock."""
    today, local = clinic.day(now), now.astimezone(clinic.zone)
    hours, days = list[Span](), list[Span]()
    for ago in (week * ONE_WEEK for week in range(1, WEEKS + 1)):
        start = moment(local.date() - ago, time(local.hour), clinic.zone)
        hours.append((minute(start - BESIDE), minute(start + 2 * BESIDE)))
        days.append((minute(clinic.day_starts(today - ago)), minute(clinic.day_starts(today - ago + ONE_DAY))))
    return hours, days


def _line(rows: Sequence[Row], place: Place, wish: datetime | None, now: datetime) -> Line:
    ahead = [row for row in rows if row.state == State.WAITING and (row.order_key, row.pk) < place]
    wishes = [minutes for row in ahead if (minutes := _minutes(now, row.not_before)) > 0]
    return Line(
        ahead=len(ahead) - len(wishes),
        in_care=sum(row.state in IN_CARE for row in rows),
        longest=max((_minutes(row.ready_at, now) for row in ahead), default=0.0),
        deferred=tuple(wishes),
        not_before=_minutes(now, wish),
    )


def stays_of(rows: Iterable[Row]) -> Iterator[Stay]:
    """What visits were to the line; those that were entered in error were never there."""
    for row in rows:
        if row.state == State.WAITING:
            yield Stay(minute(row.ready_at))
        elif row.state != State.ENTERED_IN_ERROR:
            yield _stay(row)


def _stay(row: Row) -> Stay:
    is_out, is_lost = row.state == State.STEPPED_OUT, row.state in (State.LEFT, State.NO_SHOW)
    called, gone = (None, row.stepped_out_at) if is_out else (row.called_at, row.ended_at)
    went = called or gone
    # Who was called and did not come had given up before: no place was taken for long.
    return Stay(
        minute(min(row.ready_at, went) if went else row.ready_at),
        minute(went) if went else None,
        minute(gone) if gone else None,
        called is not None and not is_lost,
    )


def minute(at: datetime) -> float:
    """A moment as minutes."""
    return at.timestamp() / 60


def _minutes(since: datetime, until: datetime | None) -> float:
    return max(0.0, (until - since).total_seconds() / 60) if until else 0.0
