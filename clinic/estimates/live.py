"""The estimate of a visit from the database: the line as it is now, and the clinic's own past."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.core.cache import cache
from django.db.models import OuterRef, Q, QuerySet, Subquery

from clinic import clock
from clinic.calendar import ONE_DAY
from clinic.estimates import rows
from clinic.estimates.core import LEAST_HISTORY, WINDOW, History, WaitRange, forecast
from clinic.estimates.rows import ONE_WEEK, WEEKS, Place, Row
from clinic.models import Clinic, Visit, VisitEvent
from clinic.states import ON_SITE, State, Verb

KEPT = 3600
# A visit that is not stored yet comes after all that are.
LAST = 2**63


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


def _at_place(clinic: Clinic, place: Place, wish: datetime | None, now: datetime) -> WaitRange | None:
    today, past = clinic.day(now), _history(clinic, now)
    lately = Q(state__in=ON_SITE) | Q(ended_at__gt=now - timedelta(minutes=WINDOW))
    if past.served < LEAST_HISTORY:
        lately |= Q(day=today)
    here = clinic.visits.filter(lately, day__in=(today - ONE_DAY, today))
    return forecast(*rows.known(_read(here), place, wish, (now, clinic.day_starts(today)), past))


def _history(clinic: Clinic, now: datetime) -> History:
    """The usual of this hour of the week, read once an hour."""
    today = clinic.day(now)
    key = f"estimates:{clinic.pk}:{today}:{now.astimezone(clinic.zone).hour}"
    found: History | None = cache.get(key)
    if found is None:
        days = [today - week * ONE_WEEK for week in range(1, WEEKS + 1)]
        found = rows.history(clinic, _read(clinic.visits.filter(day__in=days)), now)
        cache.set(key, found, KEPT)
    return found


def _read(visits: QuerySet[Visit]) -> list[Row]:
    asked = VisitEvent.objects.filter(visit=OuterRef("pk"), verb=Verb.MORE_TIME).order_by("-sequence")
    arrived = (
        visits.filter(arrived_at__isnull=False).order_by().annotate(asked_at=Subquery(asked.values("at")[:1]))
    )
    return [Row(*values) for values in arrived.values_list(*Row._fields)]
