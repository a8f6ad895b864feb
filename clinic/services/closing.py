"""Open visits at closing time and at the day's end: the desk is asked, then they are closed by the clinic's rule.

A visit is asked about once a turn: when the doors have closed (for longer than a break), and when a new clinic day
has begun. Whatever anybody does to it after that is an answer. All that decides is in the rows, and the clinic's
lock is taken first: so this may run anywhere, twice at once, or late, and a kill leaves nothing half done.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.db import InterfaceError, OperationalError, connection, transaction

from clinic import clock
from clinic.models import Clinic, Visit, VisitEvent
from clinic.services import moves
from clinic.services.actors import Actor
from clinic.states import OPEN, State, Verb
from realtime import notices

logger = logging.getLogger(__name__)

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
    """Asks about, or closes, each open visit that is due, in all clinics. Returns how many events that made.

    What goes wrong in one clinic is logged and keeps no other. A database that does not answer ends it at once.
    """
    return sum(_of_clinic(pk) for pk in Clinic.objects.values_list("pk", flat=True))


def _of_clinic(clinic_pk: int) -> int:
    try:
        due = [step.visit.pk for step in _due(clinic_pk)]
        return sum(_batch(clinic_pk, due[n : n + BATCH]) for n in range(0, len(due), BATCH))
    except Exception as error:
        if _is_away(error):
            raise
        logger.exception("open visits of clinic %s could not be looked at", clinic_pk)
        return 0


def _batch(clinic_pk: int, visits: list[int]) -> int:
    """Some visits at once; one by one where that fails, so that a bad one keeps no other."""
    try:
        return _resolve(clinic_pk, visits)
    except Exception as error:
        if _is_away(error):
            raise
        if len(visits) == 1:
            logger.exception("open visit %s of clinic %s could not be asked about or closed", *visits, clinic_pk)
            return 0
    return sum(_batch(clinic_pk, [visit]) for visit in visits)


def _is_away(error: Exception) -> bool:
    """Whether the database answers no more, so that asking it for the next clinic is of no use."""
    return isinstance(error, OperationalError | InterfaceError) and not connection.is_usable()


def _resolve(clinic_pk: int, visits: list[int]) -> int:
    with transaction.atomic():
        notices.lock(Clinic.objects.values_list("topic_id", flat=True).get(pk=clinic_pk))
        steps = _due(clinic_pk, visits)
        for visit, verb, reason in steps:
            moves.move(visit.clinic, visit.public_id, verb, by=Actor(), reason=reason)
    return len(steps)


def _due(clinic_pk: int, among: list[int] | None = None) -> list[Step]:
    """What is due in a clinic now, the oldest visit first. Nothing where the clinic is gone."""
    clinic = Clinic.objects.prefetch_related("hours", "special_hours").filter(pk=clinic_pk).first()
    if clinic is None:
        return []
    found = clinic.visits.filter(state__in=OPEN, **({} if among is None else {"pk__in": among}))
    # Sorted here: asked for this order, SQLite would read the clinic's whole history in it.
    visits = sorted(found.order_by(), key=lambda visit: visit.pk)
    return list(_steps(clinic, visits, clock.now())) if visits else []


def _steps(clinic: Clinic, visits: list[Visit], now: datetime) -> Iterator[Step]:
    closed, today, last = clinic.timetable.closed_since(now), clinic.day(now), VisitEvent.objects.last_of(visits)
    for visit in visits:
        event = last[visit.pk]
        if event.verb == Verb.ASK:
            if _is_unanswered(clinic, event, now):
                yield Step(visit, _closing(clinic, visit), _unanswered(clinic, event))
        elif (turn := _turn(clinic, visit, closed, today)) and _is_to_be_asked(clinic, visit, event, turn, now):
            yield Step(visit, Verb.ASK, turn.why)


def _turn(clinic: Clinic, visit: Visit, closed: datetime | None, today: date) -> Turn | None:
    """The last turn that a visit has met."""
    turns = [Turn(closed, "Closing time")] if closed else []
    if visit.day < today:
        turns.append(Turn(clinic.day_starts(today), "End of the day"))
    return max(turns, default=None)


def _is_to_be_asked(clinic: Clinic, visit: Visit, last: VisitEvent, turn: Turn, now: datetime) -> bool:
    """Whether nothing has happened to a visit since the turn, and a booked patient can no longer come in time."""
    was_kept = last.verb == Verb.KEEP and now < last.at + KEPT_FOR
    # A question would be the last event, and the move before it could not be undone any more.
    if last.at >= turn.at or was_kept or moves.can_undo(last, now):
        return False
    if visit.state != State.EXPECTED or visit.booked_for is None:
        return True
    return visit.booked_for < turn.at and visit.booked_for + clinic.late_allowance <= now


def _is_unanswered(clinic: Clinic, asked: VisitEvent, now: datetime) -> bool:
    minutes = clinic.close_after_minutes
    return minutes is not None and now >= asked.at + timedelta(minutes=minutes)


def _closing(clinic: Clinic, visit: Visit) -> Verb:
    if visit.state == State.CALLED:
        return Verb.LEFT if clinic.unanswered_call == State.LEFT else Verb.NO_SHOW
    return CLOSES[State(visit.state)]


def _unanswered(clinic: Clinic, asked: VisitEvent) -> str:
    return f"{asked.reason}: nobody answered for {clinic.close_after_minutes} minutes"
