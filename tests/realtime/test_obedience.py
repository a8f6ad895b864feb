"""What each process says of itself, and how it is counted."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from typing import Any

import pytest
import redis
from asgiref.sync import sync_to_async

from realtime import obedience, redis_link, roll, switch
from realtime.connections import Connections
from realtime.obedience import Obeyed
from tests.own_valkey import OwnValkey
from tests.realtime import rig
from tests.realtime.rig import frozen, running_hub
from tests.waiting import until


def test_words_are_counted_by_version_and_the_slow_are_named(live_redis: Any) -> None:
    for kind, version in (("web", 3), ("worker of any", 2), ("worker of notices", 4)):
        obedience.tell(kind, version)
    found = obedience.count(3)
    assert (found.obeyed, found.of) == (2, 3)
    (other,) = found.others
    assert other.startswith(f"worker of any, pid {os.getpid()} on ")
    assert str(found) == f"Obeyed by 2 of 3 processes; not yet: {other}"
    assert not found.is_all and obedience.count(2).is_all


def test_later_word_takes_the_place_of_the_earlier(live_redis: Any) -> None:
    obedience.tell("web", 1)
    obedience.tell("web", 2)
    assert obedience.count(2) == Obeyed(1, 1)


def test_word_of_the_dead_lapses_for_readers_and_is_forgotten_by_writers(
    live_redis: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(roll, "LIFE_MS", 30)
    obedience.tell("web", 1)
    monkeypatch.setattr(roll, "LIFE_MS", 60_000)
    obedience.tell("worker of any", 1)
    until(lambda: obedience.count(1) == Obeyed(1, 1))
    assert live_redis.hlen(obedience.WORDS) == 2
    obedience.tell("worker of any", 1)
    assert live_redis.hlen(obedience.WORDS) == 1


def test_last_word_of_all_does_not_stay_in_redis(live_redis: Any) -> None:
    obedience.tell("web", 1)
    assert 0 < live_redis.pttl(obedience.WORDS) <= roll.LIFE_MS


def test_process_whose_connection_an_older_row_allowed_has_not_obeyed(live_redis: Any) -> None:
    connections = Connections(under=4)
    obedience.tell("worker of any", 5)
    assert obedience.count(5).obeyed == 0 and obedience.count(4).obeyed == 1
    connections.end()
    obedience.tell("worker of any", 5)
    assert obedience.count(5).obeyed == 1


def test_who_has_not_seen_the_row_obeys_no_version(live_redis: Any) -> None:
    obedience.tell("web", obedience.UNSEEN)
    assert obedience.count(0) == Obeyed(0, 1, obedience.count(0).others)


def test_leaving_takes_the_word_back(live_redis: Any) -> None:
    obedience.say("web", 1)
    until(lambda: obedience.count(1).of == 1)
    obedience.leave("web")
    until(lambda: obedience.count(1).of == 0)
    assert str(obedience.count(1)) == "No process that could use the vendor runs"


def test_settle_returns_as_soon_as_the_last_obeys(live_redis: Any) -> None:
    obedience.tell("web", 0)
    late = threading.Timer(0.05, obedience.tell, ("web", 1))
    late.start()
    assert obedience.settle(1, 5) == Obeyed(1, 1)
    late.join()


def test_settle_gives_up_and_says_how_it_stands(live_redis: Any) -> None:
    obedience.tell("web", 0)
    found = obedience.settle(1, 0.05)
    assert found is not None and (found.obeyed, found.of) == (0, 1)


def test_without_redis_saying_is_quiet_and_counting_tells(own_valkey: OwnValkey) -> None:
    own_valkey.kill()
    obedience.say("web", 1)
    with pytest.raises(redis.RedisError):
        obedience.count(1)
    assert obedience.settle(1, 5) is None
    assert obedience.sentence(None) == "Redis is away: each process obeys within 2 seconds"
    own_valkey.start()
    obedience.say("web", 1)
    until(lambda: obedience.settle(1, 0) == Obeyed(1, 1))


def test_saying_does_not_wait_for_a_frozen_redis(live_redis: Any) -> None:
    with frozen(live_redis):
        begun = time.monotonic()
        obedience.say("web", 1)
        assert time.monotonic() - begun < redis_link.PATIENCE


@pytest.mark.django_db(transaction=True)
def test_hub_tells_what_it_has_taken_in_at_once_and_leaves_when_it_ends(live_redis: Any, no_second: None) -> None:
    async def scene() -> None:
        async with running_hub():
            version = (await sync_to_async(switch.flip)("off", by="olu", reason="slow")).version
            await rig.until(lambda: obedience.count(version) == Obeyed(1, 1))

    asyncio.run(scene())
    until(lambda: obedience.count(0).of == 0, 2)
