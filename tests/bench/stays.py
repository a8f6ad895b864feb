"""Whole stays that are over, and what is owed of them: made in bulk, as no desk could."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from clinic.integrations import kinds
from clinic.integrations.triggers import trigger_of
from clinic.models import Clinic, Delivery, Destination, Visit, VisitEvent
from clinic.models.deliveries import GIVE_UP_AFTER
from clinic.models.visits import name_key
from clinic.states import State, Verb
from tests.bench.changes import EVENTS
from tests.factories import BORN
from tests.names import another_name

STEPS = (
    (Verb.CHECK_IN, "", State.WAITING),
    (Verb.CALL, State.WAITING, State.CALLED),
    (Verb.CONFIRM, State.CALLED, State.CALLED),
    (Verb.ROOM, State.CALLED, State.ROOMED),
    (Verb.DISCHARGE, State.ROOMED, State.DISCHARGED),
)
A_BATCH = 500


def stays(clinic: Clinic, many: int, since: timedelta) -> list[VisitEvent]:
    """The events of so many visits from arrival to discharge, a minute between two; all in the last `since`."""
    room, first = clinic.rooms.first(), timezone.now() - since
    apart = (since - timedelta(minutes=EVENTS)) / many
    arrivals = [first + number * apart for number in range(many)]
    visits = Visit.objects.bulk_create([_visit(clinic, room, arrival) for arrival in arrivals], A_BATCH)
    return VisitEvent.objects.bulk_create([event for visit in visits for event in _events(visit)], A_BATCH)


def _visit(clinic: Clinic, room: Any, arrival: datetime) -> Visit:
    name = another_name()
    names = {"given_name": name, "given_name_key": name_key(name)}
    names |= {"family_name": "Miller", "family_name_key": name_key("Miller")}
    times = {name: arrival + timedelta(minutes=minute) for minute, name in enumerate(TIMES)}
    more = {"state": State.DISCHARGED, "birth_date": BORN, "day": arrival.date(), "order_key": arrival}
    return Visit(clinic=clinic, room=room, calls=1, **names, **times, **more)


TIMES = ("arrived_at", "called_at", "roomed_at", "ended_at")


def _events(visit: Visit) -> Iterable[VisitEvent]:
    assert visit.arrived_at
    for number, (verb, before, after) in enumerate(STEPS):
        at = visit.arrived_at + timedelta(minutes=number)
        yield VisitEvent(visit=visit, sequence=number + 1, verb=verb, from_state=before, to_state=after, at=at)


def owe(destination: Destination, events: Sequence[VisitEvent], **more: Any) -> int:
    """Owes the destination all of these that it wants to hear of; how many. `more`: fields of the rows."""
    rows = [row for event in events if (row := _row(destination, event, more))]
    Delivery.objects.bulk_create(rows, A_BATCH)
    return len(rows)


def _row(destination: Destination, event: VisitEvent, more: Mapping[str, Any]) -> Delivery | None:
    trigger = trigger_of(event)
    if trigger is None or not kinds.what_for(destination, trigger):
        return None
    since = {"created_at": event.at, "next_try_at": event.at, "give_up_at": event.at + GIVE_UP_AFTER}
    row = Delivery(destination=destination, visit=event.visit, event=event, **since, **more)
    row.body = row.body or kinds.compose(destination, event, trigger, row.key) or ""
    return row
