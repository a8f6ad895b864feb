"""What processes say of themselves, and who is missed."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from typing import Any

import pytest
import redis

from clinic.running.worker import PoolWorker
from realtime import heartbeats, job_queues
from realtime.heartbeats import BEATS, PAGES, SERVED, SILENT_SECONDS
from tests.realtime import rig
from tests.realtime.rig import frozen, running_hub
from tests.waiting import until


def pass_time(live_redis: Any, seconds: float, *kinds: str) -> None:
    """As if these had last been heard so long ago; nobody named: all."""
    for name, text in live_redis.hgetall(BEATS).items():
        at, _space, said = text.partition(b" ")
        if not kinds or json.loads(said)["kind"] in kinds:
            live_redis.hset(BEATS, name, f"{int(at) - int(seconds * 1000)} {said.decode()}")
    for what, at in live_redis.hgetall(SERVED).items():
        live_redis.hset(SERVED, what, int(at) - int(seconds * 1000))


def test_process_says_who_it_is_and_what_it_serves(live_redis: Any) -> None:
    heartbeats.tell("worker of general", ["integrations", "low"])
    (beat,) = heartbeats.hear().beats
    assert (beat.kind, beat.pid, beat.serves) == ("worker of general", os.getpid(), ("integrations", "low"))
    assert beat.age < 1 and beat.up >= 0 and not beat.is_silent and beat.doing == ""
    assert heartbeats.hear().is_served("low") and not heartbeats.hear().is_served("notices")


def test_what_it_is_at_goes_with_the_next_beat(live_redis: Any) -> None:
    with heartbeats.doing.at("deliver"):
        heartbeats.tell("worker of any", ["low"])
    assert heartbeats.hear().beats[0].doing == "deliver"
    heartbeats.tell("worker of any", ["low"])
    assert heartbeats.hear().beats[0].doing == ""


def test_who_is_not_heard_is_silent_and_what_it_served_is_not_served(live_redis: Any) -> None:
    heartbeats.tell("worker of notices", ["notices"])
    pass_time(live_redis, SILENT_SECONDS + 1)
    pulse = heartbeats.hear()
    assert pulse.beats[0].is_silent and not pulse.is_served("notices")
    assert pulse.served["notices"] == pytest.approx(SILENT_SECONDS + 1, abs=0.5)


def test_silent_one_is_forgotten_once_another_serves_the_same(live_redis: Any) -> None:
    heartbeats.tell("worker of notices", ["notices"])
    pass_time(live_redis, SILENT_SECONDS + 1)
    heartbeats.tell("worker of any", ["notices", "low"])
    assert [one.kind for one in heartbeats.hear().beats] == ["worker of any"]


def test_words_of_the_long_dead_do_not_fill_redis(live_redis: Any) -> None:
    heartbeats.tell("worker of notices", ["notices"])
    pass_time(live_redis, heartbeats.KEEP_MS / 1000 + 1)
    heartbeats.tell("web", [PAGES])
    assert live_redis.hlen(BEATS) == 1 and "notices" in heartbeats.hear().served


def test_empty_redis_knows_nobody_and_misses_nobody(live_redis: Any) -> None:
    assert heartbeats.hear() == heartbeats.Pulse((), {}, 0.0)
    heartbeats.tell("web", [PAGES])
    pass_time(live_redis, 9)
    assert heartbeats.hear().known_for == pytest.approx(9, abs=0.5)


def test_beats_come_by_themselves_and_the_last_is_taken_back(live_redis: Any) -> None:
    threads = threading.active_count()
    with heartbeats.beating("worker of any", ["low"]):
        first = until(lambda: heartbeats.hear().beats)[0]
        until(lambda: heartbeats.hear().beats[0].age < first.age or heartbeats.hear().beats[0].age < 0.5)
    until(lambda: not heartbeats.hear().beats)
    until(lambda: threading.active_count() <= threads + 1)
    assert heartbeats.hear().served["low"] < 5


def test_without_redis_saying_is_quiet_and_hearing_tells() -> None:
    heartbeats.say("web", [PAGES]), heartbeats.leave("web")
    with heartbeats.beating("worker of any", ["low"]), pytest.raises(redis.RedisError):
        heartbeats.hear()


def test_saying_does_not_wait_for_a_frozen_redis(live_redis: Any) -> None:
    with frozen(live_redis):
        done = threading.Thread(target=heartbeats.say, args=("web", [PAGES]))
        done.start()
        done.join(0.2)
        assert not done.is_alive()


@pytest.mark.django_db(transaction=True)
def test_web_process_beats_while_its_hub_runs(live_redis: Any, no_second: None) -> None:
    async def scene() -> None:
        async with running_hub():
            await rig.until(lambda: [one.kind for one in heartbeats.hear().beats] == ["web"])

    asyncio.run(scene())
    until(lambda: not heartbeats.hear().beats, 2)


def what_it_is_at() -> str:
    return heartbeats.doing.what


def test_worker_tells_the_name_of_its_job_and_nothing_of_its_arguments(live_redis: Any) -> None:
    job_queues.enqueue("low", what_it_is_at)
    queue = job_queues.get("low")
    (job_id,) = queue.job_ids
    PoolWorker([queue], connection=live_redis, serializer=queue.serializer).work(burst=True)
    job = queue.fetch_job(job_id)
    assert job is not None and job.return_value() == "what_it_is_at" and heartbeats.doing.what == ""
