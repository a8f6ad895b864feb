"""`manage.py breaker`: a person's word, from a shell."""

from __future__ import annotations

import getpass
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from clinic.models import AuditEvent
from realtime import breaker
from realtime.breaker import Breaker
from tests.realtime.breaker_rig import calls, hurry, lapse

# What a person does with it is told in the audit.
pytestmark = pytest.mark.django_db


def said(*arguments: str) -> str:
    out = StringIO()
    call_command("breaker", *arguments, stdout=out)
    return out.getvalue().strip()


def test_status_says_how_it_stands(live_redis: Any) -> None:
    assert said("status") == "The breaker is closed: calls are well."
    guard = Breaker(live_redis)
    calls(guard, lapse(live_redis), "xxxxx")
    assert said("status").startswith("The breaker is open: 5 of the last 5 calls failed; it is tried again from ")
    hurry(guard)
    assert said("status") == "The breaker is half-open: the next notice tries it."


def test_force_holds_for_its_time_and_says_who_and_why(live_redis: Any) -> None:
    assert (
        said("open", "--reason", "a drill", "--for", "30m")
        == "The breaker is forced open; by itself it would be closed."
    )
    assert 0 < live_redis.ttl(breaker.FORCED) <= 1800
    assert Breaker(live_redis).events()[0].why == f"{getpass.getuser()}: a drill"
    assert said("auto") == "The breaker is closed: calls are well."
    assert Breaker(live_redis).events()[0].why == f"{getpass.getuser()}: from the shell"


@pytest.mark.parametrize("length", ["ever", "3d", "soon"])
def test_length_that_is_too_long_or_none_is_refused(live_redis: Any, length: str) -> None:
    with pytest.raises(CommandError, match=f"--for {length}: "):
        said("closed", "--for", length)
    assert Breaker(live_redis).peek().forced == "auto"


def test_without_redis_it_says_what_that_means() -> None:
    with pytest.raises(CommandError, match="Redis does not answer"):
        said("open")
    assert not AuditEvent.objects.exists(), "nothing was done"
