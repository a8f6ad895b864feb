"""People and places for tests: Ana and Ben at the desk, Olu on call, Bob the patient."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from clinic.digests import digest
from clinic.models import Clinic, Destination, Device, Membership, Room, Visit, VisitEvent
from clinic.sealed import Secrets
from clinic.services import Actor, Answers, book, check_in, move
from clinic.states import Lane, State, Verb
from realtime.models import Topic
from tests.names import another_name

SECRET = "whsec_" + "c2VjcmV0" * 5
BORN = date(1985, 4, 17)


def make_clinic(slug: str = "harbor", **fields: Any) -> Clinic:
    clinic = Clinic.objects.create(
        name=fields.pop("name", slug.title()), slug=slug, topic=Topic.objects.create(), **fields
    )
    for place, name in enumerate(["Room 1", "Room 2"]):
        Room.objects.create(clinic=clinic, name=name, position=place)
    return clinic


def make_user(name: str = "ana", clinic: Clinic | None = None, role: str = "clerk", **fields: Any) -> User:
    user = User.objects.create_user(name, password="pw-of-" + name, first_name=name.title(), **fields)
    if clinic is not None:
        Membership.objects.create(user=user, clinic=clinic, role=role)
    return user


def make_device(clinic: Clinic, kind: str = "kiosk", name: str = "Entrance") -> tuple[Device, str]:
    """A paired device and its token."""
    token = f"token-of-{clinic.slug}-{kind}-{name}"
    return Device.objects.create(clinic=clinic, kind=kind, name=name, token_hash=digest(token)), token


def make_destination(clinic: Clinic, url: str = "http://127.0.0.1:9/", **fields: Any) -> Destination:
    fields = {"name": "EMR", "secrets": Secrets(signing=(SECRET,)), "seconds": 5, **fields}
    if fields.get("is_ill"):
        fields.setdefault("ill_since", timezone.now())
    return Destination.objects.create(clinic=clinic, url=url, **fields)


def answers(given: str = "Bob", family: str = "Miller", born: date = BORN, **more: Any) -> Answers:
    return Answers(given_name=given, family_name=family, birth_date=born, **more)


def make_visit(clinic: Clinic, given: str | None = None, family: str = "Miller", **more: Any) -> Visit:
    """A patient who has just checked in; without a first name given, somebody who was never here."""
    return check_in(clinic, answers(given or another_name(), family), by=Actor(), **more)


def make_booking(clinic: Clinic, at: datetime, given: str = "Bob", family: str = "Miller") -> Visit:
    return book(clinic, answers(given, family), at, by=Actor())


# The moves that lead from waiting to each other state.
WAY = {
    State.EXPECTED: [],
    State.WAITING: [],
    State.CALLED: [Verb.CALL],
    State.STEPPED_OUT: [Verb.STEP_OUT],
    State.ROOMED: [Verb.CALL, Verb.ROOM],
    State.DISCHARGED: [Verb.CALL, Verb.ROOM, Verb.DISCHARGE],
    State.LEFT: [Verb.LEFT],
    State.NO_SHOW: [Verb.CALL, Verb.NO_SHOW],
    State.ENTERED_IN_ERROR: [Verb.ENTER_IN_ERROR],
}


def make_visit_in(clinic: Clinic, state: State, *, by: Actor | None = None) -> Visit:
    """A visit that was brought to this state by the services."""
    by = by or Actor()
    if state in (State.EXPECTED, State.CANCELLED):
        visit = make_booking(clinic, timezone.now())
    else:
        visit = make_visit(clinic)
    for verb in WAY.get(state, [Verb.CANCEL]):
        do(visit, verb, by=by)
    visit.refresh_from_db()
    return visit


def do(visit: Visit, verb: Verb, *, by: Actor | None = None, **more: Any) -> VisitEvent:
    """One move, with a room, lane or reason where the verb needs one."""
    needs: dict[Verb, dict[str, Any]] = {
        Verb.CALL: {"room": visit.clinic.rooms.first()},
        Verb.MOVE: {"lane": Lane.PRIORITY},
        Verb.ENTER_IN_ERROR: {"reason": "wrong person"},
    }
    return move(visit.clinic, visit.public_id, verb, by=by or Actor(), **{**needs.get(verb, {}), **more})
