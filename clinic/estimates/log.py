"""A clinic's event log, event by event, each with the visit as it was right after; and what became of visits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

from django.utils.dateparse import parse_datetime

from clinic.estimates.rows import Row
from clinic.models import Clinic, Visit, VisitEvent
from clinic.models.visits import FIRST_CALL, PUT_OFF
from clinic.states import Verb

CHANGING = ("order_key", "not_before", "called_at", "stepped_out_at", "ended_at")


class Happening(NamedTuple):
    """One event: when, what, and the visit after it. `day` is the clinic's own."""

    at: datetime
    pk: int
    verb: str
    day: date
    lane: str
    row: Row


class Log(NamedTuple):
    """All that happened, in order; and how long each visit waited to be called, in minutes, if it ever was.

    Those who stepped out or asked for more time meanwhile are left out: they chose to wait longer.
    """

    happenings: list[Happening]
    waits: dict[int, float]


def read(clinic: Clinic, since: date) -> Log:
    """The log of a clinic from a day on, undone moves and undos included."""
    events = VisitEvent.objects.filter(
        visit__clinic=clinic, visit__arrived_at__isnull=False, visit__day__gte=since
    )
    happenings = list[Happening]()
    in_order = events.select_related("visit").order_by("visit", "sequence")
    for _visit, its in groupby(in_order.iterator(), attrgetter("visit_id")):
        known = list(its)
        happenings += _happenings(known[0].visit, known)
    return Log(sorted(happenings, key=lambda one: one[:2]), _waits(clinic, since))


def _waits(clinic: Clinic, since: date) -> dict[int, float]:
    """From the arrival to the first call that was not taken back."""
    visits = clinic.visits.filter(arrived_at__isnull=False, day__gte=since).order_by()
    called = visits.annotate(first_call=FIRST_CALL, put_off=PUT_OFF).filter(first_call__isnull=False)
    known = called.values_list("pk", "arrived_at", "first_call", "put_off")
    return {pk: (call - arrived).total_seconds() / 60 for pk, arrived, call, put_off in known if not put_off}


def _happenings(visit: Visit, events: Sequence[VisitEvent]) -> Iterator[Happening]:
    """What was so after an event is what was so before the next; after the last, what is so now."""
    afters, asked_at = [event.before for event in events[1:]] + [_now(visit)], None
    for event, after in zip(events, afters, strict=True):
        asked_at = event.at if event.verb == Verb.MORE_TIME else asked_at
        if visit.arrived_at and event.at >= visit.arrived_at and event.verb != Verb.BOOK:
            yield Happening(event.at, event.pk, event.verb, visit.day, after["lane"], _row(visit, after, asked_at))


def _now(visit: Visit) -> dict[str, Any]:
    return {name: getattr(visit, name) for name in (*CHANGING, "state", "lane")}


def _row(visit: Visit, after: dict[str, Any], asked_at: datetime | None) -> Row:
    times = {"arrived_at": visit.arrived_at, "asked_at": asked_at}
    times |= {name: _moment(after.get(name)) for name in CHANGING}
    return Row(pk=visit.pk, state=after["state"], **times)  # type: ignore[arg-type]


def _moment(value: Any) -> datetime | None:
    return parse_datetime(value) if isinstance(value, str) else value
