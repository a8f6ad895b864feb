"""The estimate of a visit from the database: the line as it is now, and the clinic's own past."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import NamedTuple, TypeAlias

from django.core.cache import cache
from django.db.models import Q

from clinic import clock
from clinic.calendar import ONE_DAY, moment
from clinic.estimates.core import (
    WINDOW,
    History,
    Line,
    Stay,
    Throughput,
    WaitRange,
    enough,
    forecast,
    throughput,
    usual,
)
from clinic.models import Clinic, Visit
from clinic.states import ON_SITE, State

WEEKS = 8
# The usual of an hour of the week is that of the hour before to the hour after, too.
BESIDE = timedelta(hours=1)
KEPT = 3600
ONE_WEEK = 7 * ONE_DAY
Place: TypeAlias = tuple[datetime, int]
Span: TypeAlias = tuple[float, float]
# A visit that is not stored yet comes after all that are.
LAST = 2**63
IN_CARE = (State.CALLED, State.ROOMED)


class Row(NamedTuple):
    """What an estimate reads of a visit."""

    pk: int
    state: str
    order_key: datetime | None
    not_before: datetime | None
    arrived_at: datetime
    called_at: datetime | None
    stepped_out_at: datetime | None
    ended_at: datetime | None


def range_for(visit: Visit, now: datetime | None = None) -> WaitRange | None:
    """How long a visit still has to wait to be called; None when it does not wait, or nothing can be said.

    One that stepped out gets the wait of its place, as if it were back.
    """
    if visit.state not in (State.WAITING, State.STEPPED_OUT) or visit.order_key is None:
        return None
    return _at_place(visit.clinic, (visit.order_key, visit.pk), visit.not_before, now or clock.now())


def promise(clinic: Clinic, order_key: datetime, now: datetime) -> WaitRange | None:
    """The wait to name to somebody who checks in now and gets this place, behind all who have the same."""
    found = _at_place(clinic, (order_key, LAST), None, now)
    return None if found is None or found.is_paused else found


def _at_place(clinic: Clinic, place: Place, not_before: datetime | None, now: datetime) -> WaitRange | None:
    rows, until = _rows(clinic, now), minute(now)
    stays = [stay for row in rows if (stay := _stay(row))]
    recent = throughput(stays, until - WINDOW, until)
    today = throughput(stays, minute(clinic.day_starts(clinic.day(now))), until)
    return forecast(_line(rows, place, not_before, now), recent, enough(history(clinic, now), today))


def _rows(clinic: Clinic, now: datetime) -> list[Row]:
    """Those of the clinic's day, and who was still here lately of the day before."""
    today = clinic.day(now)
    lately = Q(state__in=ON_SITE) | Q(ended_at__gt=now - timedelta(minutes=WINDOW))
    found = clinic.visits.filter(Q(day=today) | lately, day__in=(today - ONE_DAY, today), arrived_at__isnull=False)
    return [Row(*values) for values in found.order_by().values_list(*Row._fields)]


def _line(rows: Sequence[Row], place: Place, not_before: datetime | None, now: datetime) -> Line:
    ahead = [row for row in rows if row.state == State.WAITING and (row.order_key, row.pk) < place]
    wishes = [minutes for row in ahead if (minutes := _minutes(now, row.not_before)) > 0]
    return Line(
        ahead=len(ahead) - len(wishes),
        in_care=sum(row.state in IN_CARE for row in rows),
        longest=max((_minutes(row.arrived_at, now) for row in ahead), default=0.0),
        deferred=tuple(wishes),
        not_before=_minutes(now, not_before),
    )


def history(clinic: Clinic, now: datetime) -> History:
    """The usual of this hour of the week, from the same weekday of the last WEEKS; read once an hour."""
    today = clinic.day(now)
    key = f"estimates:{clinic.pk}:{today}:{now.astimezone(clinic.zone).hour}"
    found: History | None = cache.get(key)
    if found is None:
        days = [today - week * ONE_WEEK for week in range(1, WEEKS + 1)]
        visits = clinic.visits.filter(day__in=days, arrived_at__isnull=False).order_by()
        stays = [stay for values in visits.values_list(*Row._fields) if (stay := _stay(Row(*values)))]
        found = usual(*(of_spans(stays, spans) for spans in like(clinic, now)))
        cache.set(key, found, KEPT)
    return found


def like(clinic: Clinic, now: datetime) -> tuple[list[Span], list[Span]]:
    """The hours and the days of the last WEEKS that are like this one, by the clinic's own clock."""
    today, local = clinic.day(now), now.astimezone(clinic.zone)
    hours, days = list[Span](), list[Span]()
    for ago in (week * ONE_WEEK for week in range(1, WEEKS + 1)):
        start = moment(local.date() - ago, time(local.hour), clinic.zone)
        hours.append((minute(start - BESIDE), minute(start + 2 * BESIDE)))
        days.append((minute(clinic.day_starts(today - ago)), minute(clinic.day_starts(today - ago + ONE_DAY))))
    return hours, days


def of_spans(stays: Sequence[Stay], spans: Sequence[Span]) -> list[Throughput]:
    return [throughput(stays, *span) for span in spans]


def _stay(row: Row) -> Stay | None:
    """What a visit was to the line; None for one that was entered in error, or never there."""
    if row.state == State.ENTERED_IN_ERROR:
        return None
    joined = minute(row.arrived_at)
    if row.state == State.WAITING:
        return Stay(joined)
    gone = row.ended_at or (row.stepped_out_at if row.state == State.STEPPED_OUT else None)
    called = row.called_at if row.state != State.STEPPED_OUT else None
    went = called or gone
    return Stay(joined, minute(went) if went else None, minute(gone) if gone else None, called is not None)


def minute(at: datetime) -> float:
    """A moment as minutes."""
    return at.timestamp() / 60


def _minutes(since: datetime, until: datetime | None) -> float:
    return max(0.0, (until - since).total_seconds() / 60) if until else 0.0
