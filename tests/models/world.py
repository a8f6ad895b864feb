"""What the machines of one test share, and how an answer of the services is held against the model's."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import User

from clinic.models import Visit, VisitEvent
from clinic.services import Actor, short_name
from tests.clinic.conftest import Clock
from tests.models.clinic_model import No
from tests.models.stays import Stay, Step


@dataclass
class World:
    """What one test shares with all its machines.

    `committing`: a block that does what follows the commits in it. `rung`: (topic, version), `asked`: jobs.
    `steps`: how many were made, and all compared after each.
    """

    clock: Clock
    staff: list[User]
    committing: Callable[[], AbstractContextManager[Any]]
    rung: list[tuple[str, int]]
    asked: list[tuple[Any, ...]]
    steps: int = field(default=0)


def id_of(stay: Stay) -> uuid.UUID:
    assert stay.public_id
    return stay.public_id


def word_of(no: No, by: Actor) -> str:
    """What the refusal must say: who was first, or where the person is."""
    if no.here:
        return f"is here already: {no.here.ticket}"
    return _name_of(no.first, by) if no.first else ""


def _name_of(first: Actor, by: Actor) -> str:
    if first.user is None:
        return first.device.name if first.device else "the patient" if first.is_patient else "the system"
    return "you were there already" if first == by else short_name(first.user)


def must_be_same(expected: Stay | Step, result: Visit | VisitEvent) -> None:
    if isinstance(expected, Stay):
        assert isinstance(result, Visit)
        if not expected.pk:
            expected.pk, expected.public_id = result.pk, result.public_id
        assert (expected.pk, expected.state, expected.ticket) == (result.pk, result.state, result.ticket)
    else:
        assert isinstance(result, VisitEvent)
        assert (expected.verb, expected.at, expected.to_state) == (result.verb, result.at, result.to_state)
