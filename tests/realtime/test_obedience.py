"""What each process says of itself, and how it is counted."""

from __future__ import annotations

import asyncio
import os
import threading
from typing import Any

import pytest
import redis
from asgiref.sync import sync_to_async

from realtime import heartbeats, obedience, switch
from realtime.connections import Connections
from realtime.obedience import Obeyed
from realtime.pulse import SILENT_SECONDS
from tests.own_valkey import OwnValkey
from tests.realtime import rig
from tests.realtime.rig import running_hub
from tests.realtime.test_heartbeats import pass_time
from tests.waiting import until


def word(kind: str, version: int) -> None:
    """This process's, once."""
    heartbeats.tell(kind, [], obeys=obedience.taken_in(version))


def test_words_are_counted_by_version_and_the_slow_are_named(live_redis: Any) -> None:
    for kind, version in (("web", 3), ("worker of any", 2), ("worker of notices", 4)):
        word(kind, version)
    found = obedience.count(3)
    assert (found.obeyed, found.of) == (2, 3)
    (other,) = found.others
    assert other.startswith(f"worker of any, pid {os.getpid()} on ")
    assert str(found) == f"Obeyed by 2 of 3 processes; not yet: {other}"
    assert not found.is_all and obedience.count(2).is_all


def test_later_word_takes_the_place_of_the_earlier(live_redis: Any) -> None:
    word("web", 1)
    word("web", 2)
    assert obedience.count(2) == Obeyed(1, 1)


def test_word_of_the_silent_does_not_count(live_redis: Any) -> None:
    word("web", 1)
    pass_time(live_redis, SILENT_SECONDS + 1)
    word("worker of any", 1)
    assert obedience.count(1) == Obeyed(1, 1)


def test_who_could_not_use_the_vendor_is_not_asked(live_redis: Any) -> None:
    heartbeats.tell("worker of ill", ["ill"])
    assert obedience.count(1) == Obeyed(0, 0)


def test_process_whose_connection_an_older_row_allowed_has_not_obeyed(live_redis: Any) -> None:
    connections = Connections(under=4)
    word("worker of any", 5)
    assert obedience.count(5).obeyed == 0 and obedience.count(4).obeyed == 1
    connections.end()
    word("worker of any", 5)
    assert obedience.count(5).obeyed == 1


def test_who_has_not_seen_the_row_obeys_no_version(live_redis: Any) -> None:
    word("web", obedience.UNSEEN)
    assert obedience.count(0) == Obeyed(0, 1, obedience.count(0).others)


def test_leaving_takes_the_word_back(live_redis: Any) -> None:
    with heartbeats.beating("web", [], obeys=lambda: 1):
        until(lambda: obedience.count(1).of == 1)
    assert str(obedience.count(1)) == "No process that could use the vendor runs"


def test_settle_returns_as_soon_as_the_last_obeys(live_redis: Any) -> None:
    word("web", 0)
    late = threading.Timer(0.05, word, ("web", 1))
    late.start()
    assert obedience.settle(1, 5) == Obeyed(1, 1)
    late.join()


def test_settle_gives_up_and_says_how_it_stands(live_redis: Any) -> None:
    word("web", 0)
    found = obedience.settle(1, 0.05)
    assert found is not None and (found.obeyed, found.of) == (0, 1)


def test_without_redis_counting_tells_and_the_word_comes_when_it_is_back(own_valkey: OwnValkey) -> None:
    own_valkey.kill()
    with heartbeats.beating("web", [], obeys=lambda: 1):
        with pytest.raises(redis.RedisError):
            obedience.count(1)
        assert obedience.settle(1, 5) is None
        assert obedience.sentence(None) == "Redis is away: each process obeys within 2 seconds"
        own_valkey.start()
        until(lambda: obedience.settle(1, 0) == Obeyed(1, 1))


@pytest.mark.django_db(transaction=True)
def test_hub_tells_what_it_has_taken_in_at_once_and_leaves_when_it_ends(live_redis: Any, no_second: None) -> None:
    async def scene() -> None:
        async with running_hub():
            version = (await sync_to_async(switch.flip)("off", by="olu", reason="slow")).version
            await rig.until(lambda: obedience.count(version) == Obeyed(1, 1))

    asyncio.run(scene())
    until(lambda: obedience.count(0).of == 0, 2)
