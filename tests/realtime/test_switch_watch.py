"""A worker's eye on the switch: what it ends, what it tells, and that it outlives Redis and the database."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.db import Error

from clinic.management.commands import worker as worker_command
from realtime import connections, obedience, redis_link, switch, switch_watch
from realtime.connections import Connections
from realtime.models import Switch
from realtime.obedience import Obeyed
from realtime.switch_watch import SwitchWatch, watching
from realtime.transports import ably
from realtime.transports.base import Notice, Outcome
from tests.own_valkey import OwnValkey
from tests.realtime.rig import NEVER, frozen
from tests.realtime.standin_rig import Rig
from tests.waiting import until

pytestmark = pytest.mark.django_db(transaction=True)

KIND = "worker of notices"


@pytest.fixture(autouse=True)
def none_goes_on() -> Iterator[None]:
    """A watch that was stopped ends within a second; until then it would speak for the next test's."""
    yield
    until(lambda: not watches_alive())


@pytest.fixture
def only_hints(monkeypatch: pytest.MonkeyPatch) -> None:
    """No look by the clock: what is seen was hinted at."""
    monkeypatch.setattr(switch_watch, "SECOND", NEVER)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(switch_watch, "SECOND", 0.1)


@pytest.fixture
def watch(live_redis: Any) -> Iterator[None]:
    """A running watch that has told its first word and hears hints."""
    with watching(KIND, ["notices"]):
        until(lambda: obedience.count(0).of and live_redis.pubsub_numsub(switch.HINT)[0][1])
        yield
    live_redis.publish(switch.HINT, "")


def watches_alive() -> list[SwitchWatch]:
    return [one for one in threading.enumerate() if isinstance(one, SwitchWatch)]


def stop_vendor() -> int:
    return switch.flip("off", by="olu", reason="slow").version


def hanging_publish(vendor: Rig, monkeypatch: pytest.MonkeyPatch) -> tuple[threading.Thread, list[Outcome]]:
    """A publish under way that would hang for much longer than any test waits."""
    monkeypatch.setattr(ably, "SECONDS", 30)
    vendor.fault("silent")
    outcomes: list[Outcome] = []
    thread = threading.Thread(target=lambda: outcomes.append(ably.AblyTransport().send([Notice("abc", 2)])))
    thread.start()
    until(lambda: vendor.seen()["open"] == 1)
    return thread, outcomes


def test_flip_is_taken_in_at_once_by_the_hint(only_hints: None, watch: None) -> None:
    assert obedience.settle(stop_vendor(), 1) == Obeyed(1, 1)


def test_stop_ends_the_call_under_way_and_only_then_is_it_obeyed(
    only_hints: None, watch: None, vendor: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    thread, outcomes = hanging_publish(vendor, monkeypatch)
    version = stop_vendor()
    assert obedience.settle(version, 1) == Obeyed(1, 1)
    until(lambda: vendor.seen()["open"] == 0, 1)
    thread.join(1)
    assert outcomes == [Outcome(problem=ably.STOPPED, is_ours=True)]


def test_connection_that_opens_after_the_hint_is_ended_too(only_hints: None, watch: None) -> None:
    version = stop_vendor()
    assert obedience.settle(version, 1) == Obeyed(1, 1)
    late = Connections(under=version - 1)
    switch.tell_all_processes()
    until(lambda: connections.oldest() is None)
    assert late.ended


def test_flip_that_allows_the_vendor_ends_nothing_but_holds_the_word_back(only_hints: None, watch: None) -> None:
    older = Connections(under=Switch.objects.get().version)
    version = switch.flip("auto", by="olu", reason="still well").version
    found = obedience.settle(version, 0.2)
    assert found is not None and (found.obeyed, found.of) == (0, 1)
    older.end()
    assert obedience.settle(version, 1) == Obeyed(1, 1)


def test_without_redis_the_next_look_ends_the_call_under_way(
    quick: None, watch: None, live_redis: Any, vendor: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    thread, _outcomes = hanging_publish(vendor, monkeypatch)
    with frozen(live_redis):
        stop_vendor()
        thread.join(2)
        assert not thread.is_alive()
    until(lambda: vendor.seen()["open"] == 0)


def test_database_away_keeps_the_old_word_and_the_watch_alive(
    quick: None, watch: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Switch.objects.get

    def fail(**_where: object) -> Switch:
        raise Error("the database is away")

    monkeypatch.setattr(Switch.objects, "get", fail)
    found = obedience.settle(1, 0.3)
    assert found is not None and (found.obeyed, found.of) == (0, 1)
    monkeypatch.setattr(Switch.objects, "get", read)
    assert obedience.settle(stop_vendor(), 1) == Obeyed(1, 1)


def test_redis_that_died_and_came_back_is_told_again_and_hints_again(
    own_valkey: OwnValkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    with watching(KIND, ["notices"]):
        until(lambda: obedience.settle(0, 0) == Obeyed(1, 1))
        own_valkey.kill()
        own_valkey.start()
        until(lambda: obedience.settle(0, 0) == Obeyed(1, 1))
        until(lambda: redis_link.client().pubsub_numsub(switch.HINT)[0][1])


def test_unforeseen_error_does_not_end_the_watch(
    quick: None, watch: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = threading.Event()

    def fail(_row: object) -> str:
        broken.set()
        raise RuntimeError("unforeseen")

    refusal = switch.refusal
    monkeypatch.setattr(switch, "refusal", fail)
    assert broken.wait(2)
    monkeypatch.setattr(switch, "refusal", refusal)
    assert obedience.settle(stop_vendor(), 2) == Obeyed(1, 1)


def test_watch_that_ends_takes_its_word_back(quick: None, live_redis: Any) -> None:
    with watching(KIND, ["notices"]):
        until(lambda: obedience.count(0).of == 1)
    until(lambda: obedience.count(0).of == 0, 2)


@pytest.mark.parametrize(("pool", "watches"), [("notices", 1), ("any", 1), ("integrations", 0), ("ill", 0)])
def test_workers_that_fan_out_watch(
    pool: str, watches: int, quick: None, live_redis: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    monkeypatch.setattr(worker_command.worker, "run", lambda *_args: seen.append(len(watches_alive())))
    call_command("worker", pool)
    assert seen == [watches]
