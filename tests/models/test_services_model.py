"""Two thousand generated steps at kiosks and desks: the services agree with a plain model after every one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import connection
from hypothesis.stateful import run_state_machine_as_test

from clinic import limits
from clinic.services.moves import ELSEWHERE
from clinic.states import Verb
from realtime import bell, redis_link
from tests.clinic.conftest import Clock
from tests.factories import make_user
from tests.models import scale
from tests.models.services_machine import ServicesMachine, World
from tests.models.stays import EFFECTS

EXAMPLES, LEAST_STEPS = 52, 2000
# Of these steps on PostgreSQL, where the same services have the same to say: what is left is SQL of another kind.
SOME = 4


@pytest.mark.django_db
def test_services_agree_with_a_plain_model(
    clock: Clock,
    no_redis: list[tuple[Any, ...]],
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
    record_property: Callable[[str, object], None],
) -> None:
    monkeypatch.setattr(redis_link.thread, "soon", lambda action: None)
    # The same few people check in again and again at two kiosks.
    monkeypatch.setattr(limits, "SEARCH", limits.Limit("search", 10**6, 600))
    rung: list[tuple[str, int]] = []
    bell.connect(lambda message: rung.extend((name, version) for name, version in message["notices"]))
    committing = partial(django_capture_on_commit_callbacks, execute=True)
    world = World(clock, [make_user("ana"), make_user("ben")], committing, rung, no_redis)
    part = 1 if connection.vendor == "sqlite" or scale.SOAK else SOME
    run_state_machine_as_test(lambda: ServicesMachine(world), settings=scale.of(EXAMPLES // part))
    record_property("steps", world.steps)
    assert world.steps > LEAST_STEPS // part * max(1, scale.SOAK)


def test_model_knows_every_verb() -> None:
    assert set(EFFECTS) == set(Verb) - ELSEWHERE, "a new verb: say in EFFECTS what it does, and what it needs"
