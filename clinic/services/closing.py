"""Open visits at closing time and at the day's end: the desk is asked, then they are closed by the clinic's rule.

A visit is asked about once a turn: when the doors have closed (for longer than a break), and when a new clinic day
has begun. Whatever anybody does to it after that is an answer. All that decides is in the rows, and the clinic's
lock is taken first: so this may run anywhere, twice at once, or late, and a kill leaves nothing half done.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.db import transaction

from clinic import clock
from clinic.models import Clinic, Visit, VisitEvent
from clinic.services import moves
from clinic.services.actors import Actor
from clinic.states import OPEN, State, Verb
from realtime import notices

BATCH = 20
# Somebody who was just said to be here is not asked about again at once, if the day's end follows the closing.
KEPT_FOR = timedelta(minutes=60)
CLOSES = {
    State.EXPECTED: Verb.NO_SHOW,
    State.WAITING: Verb.LEFT,
    State.STEPPED_OUT: Verb.LEFT,
    State.ROOMED: Verb.DISCHARGE,
}


class Turn(NamedTuple):
    """Since when a visit should be over, and why."""

    at: datetime
    why: str


class Step(NamedTuple):
    """What is due to be done to a visit."""

    visit: Visit
    verb: Verb
    reason: str


def resolve_open_visits() -> int:
    """Asks about, or closes, each open visit that is due, in all clinics. Returns how many events that made."""
    return sum(_resolve(pk) for pk in Clinic.objects.values_list("pk", flat=True))


def _resolve(clinic_pk: int) -> int:
    done = 0
    while _due(clinic_pk):
        with transaction.atomic():
            notices.lock(Clinic.objects.values_list("topic_id", flat=True).get(pk=clinic_pk))
            steps = _due(clinic_pk)[:BATCH]
            for visit, verb, reason in steps:
                moves.move(visit.clinic, visit.public_id, verb, by=Actor(), reason=reason)
        done += len(steps)
    return done


def _due(clinic_pk: int) -> list[Step]:
    """What is due in a clinic now, the oldest visit first."""
    clinic = Clinic.objects.prefetch_related("hours", "special_hours").get(pk=clinic_pk)
    # Sorted here: asked for this order, SQLite would read the clinic's whole history in it.
    visits = sorted(clinic.visits.filter(state__in=OPEN).order_by(), key=lambda visit: visit.pk)
    return list(_steps(clinic, visits, clock.now())) if visits else []


def _steps(clinic: Clinic, visits: list[Visit], now: datetime) -> Iterator[Step]:
    closed, today, last = clinic.timetable.closed_since(now), clinic.day(now), VisitEvent.objects.last_of(visits)
    for visit in visits:
        event = last[visit.pk]
        if event.verb == Verb.ASK:
            if _is_unanswered(clinic, event, now):
                yield Step(visit, _closing(clinic, visit), _unanswered(clinic, event))
        elif (turn := _turn(clinic, visit, closed, today)) and _is_to_be_asked(visit, event, turn, now):
            yield Step(visit, Verb.ASK, turn.why)


def _turn(clinic: Clinic, visit: Visit, closed: datetime | None, today: date) -> Turn | None:
    """The last turn that a visit has met."""
    turns = [Turn(closed, "Closing time")] if closed else []
    if visit.day < today:
        turns.append(Turn(clinic.day_starts(today), "End of the day"))
    return max(turns, default=None)


def _is_to_be_asked(visit: Visit, last: VisitEvent, turn: Turn, now: datetime) -> bool:
    """Whether nothing has happened to a visit since the turn."""
    if last.at >= turn.at or (last.verb == Verb.KEEP and now < last.at + KEPT_FOR):
        return False
    return visit.state != State.EXPECTED or visit.booked_for is None or visit.booked_for < turn.at


def _is_unanswered(clinic: Clinic, asked: VisitEvent, now: datetime) -> bool:
    minutes = clinic.close_after_minutes
    return minutes is not None and now >= asked.at + timedelta(minutes=minutes)


def _closing(clinic: Clinic, visit: Visit) -> Verb:
    if visit.state == State.CALLED:
        return Verb.LEFT if clinic.unanswered_call == State.LEFT else Verb.NO_SHOW
    return CLOSES[State(visit.state)]


def _unanswered(clinic: Clinic, asked: VisitEvent) -> str:
    return f"{asked.reason}: nobody answered for {clinic.close_after_minutes} minutes"
