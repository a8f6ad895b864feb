"""Days that a clinic has behind it, as rows with their log: quicker than by the services."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from clinic.models import Clinic, Room, Visit, VisitEvent
from clinic.states import Lane, State, Verb
from tests.factories import BORN


def make_past(clinic: Clinic, begins: datetime, many: int = 60, *, every: float = 2.0, care: float = 4.0) -> None:
    """`many` who came together at `begins`, and were called one every so many minutes to `care` minutes each."""
    room = Room.objects.filter(clinic=clinic).first()
    visits = Visit.objects.bulk_create(
        Visit(
            clinic=clinic,
            state=State.DISCHARGED,
            day=clinic.day(begins),
            day_number=number,
            ticket=f"Z{number}",
            order_key=begins,
            family_name="Past",
            birth_date=BORN,
            room=room,
            calls=1,
            arrived_at=begins,
            called_at=(called := begins + timedelta(minutes=number * every)),
            roomed_at=called,
            ended_at=called + timedelta(minutes=care),
        )
        for number in range(1, many + 1)
    )
    VisitEvent.objects.bulk_create(event for visit in visits for event in _events(visit))


def _events(visit: Visit) -> list[VisitEvent]:
    waiting = {"state": State.WAITING, "lane": Lane.STANDARD, "order_key": _text(visit.order_key)}
    roomed = {**waiting, "state": State.ROOMED, "called_at": _text(visit.called_at)}
    moves: list[tuple[Verb, State, Any, dict[str, Any]]] = [
        (Verb.CHECK_IN, State.WAITING, visit.arrived_at, {}),
        (Verb.CALL, State.ROOMED, visit.called_at, waiting),
        (Verb.DISCHARGE, State.DISCHARGED, visit.ended_at, roomed),
    ]
    return [
        VisitEvent(visit=visit, sequence=number, verb=verb, to_state=state, at=at, before=before)
        for number, (verb, state, at, before) in enumerate(moves, 1)
    ]


def _text(at: datetime | None) -> str:
    return at.isoformat() if at else ""
