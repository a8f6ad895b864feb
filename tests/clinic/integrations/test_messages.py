"""The webhook's body, for the longest visit that there can be."""

from __future__ import annotations

import json

import pytest
from django.utils import timezone

from clinic.integrations import messages
from clinic.models import Clinic, Room, Visit, VisitEvent
from clinic.models.visits import Reason
from clinic.states import Lane, State, Verb

# The letter that takes the most bytes once it is JSON: a control character, as \u0001.
WORST = "\x01"


def longest(model: type[Visit | Room | Clinic], name: str) -> str:
    return WORST * int(getattr(model._meta.get_field(name), "max_length", 0))


@pytest.fixture
def event() -> VisitEvent:
    """Every field as long as its column; nothing is saved."""
    now, clinic = timezone.now(), Clinic(slug=longest(Clinic, "slug"))
    texts = {
        name: longest(Visit, name)
        for name in ("given_name", "family_name", "phone", "ticket", "language", "answered_by")
    }
    times = ("booked_for", "arrived_at", "called_at", "roomed_at", "ended_at")
    visit = Visit(
        clinic=clinic,
        state=max(State.values, key=len),
        lane=max(Lane.values, key=len),
        reason=max(Reason.values, key=len),
        birth_date=now.date(),
        room=Room(name=longest(Room, "name")),
        **texts,
        **dict.fromkeys(times, now),
    )
    verb = max(Verb.values, key=len)
    return VisitEvent(visit=visit, sequence=2**31, verb=verb, to_state=visit.state, at=now)


def test_longest_visit_is_far_under_the_limit(event: VisitEvent) -> None:
    text = messages.body(event)
    assert len(text.encode()) < messages.LARGEST_BODY / 4
    visit = json.loads(text)["data"]["visit"]
    assert (len(visit["given_name"]), len(visit["family_name"])) == (100, 100)


def test_longer_one_is_refused_and_not_cut(event: VisitEvent) -> None:
    event.visit.given_name = WORST * messages.LARGEST_BODY
    with pytest.raises(ValueError, match="under 20 kB"):
        messages.body(event)
