"""What processes say of themselves, and who is missed."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import threading
import time
from typing import Any

import pytest
import redis

from clinic.running.worker import PoolWorker
from realtime import heartbeats, job_queues, redis_link, tally
from realtime.heartbeats import BEATS, PAGES, SCHEDULER, SERVED
from realtime.pulse import SILENT_SECONDS, Pulse
from realtime.tally import Counter
from tests.own_valkey import OwnValkey
from tests.realtime import rig
from tests.realtime.rig import frozen, running_hub
from tests.waiting import until

ALL = Counter("all", "All.")


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


def test_silent_one_is_shown_while_its_process_is_there_though_another_serves_the_same(live_redis: Any) -> None:
    heartbeats.tell("worker of notices", ["notices"])
    pass_time(live_redis, SILENT_SECONDS + 1)
    heartbeats.tell("worker of any", ["notices", "low"])
    assert [one.kind for one in heartbeats.hear().beats] == ["worker of any", "worker of notices"]
    assert heartbeats.hear().hanging == ()


def test_words_of_the_long_dead_do_not_fill_redis(live_redis: Any) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "gethostname", lambda: "ward-2")
        heartbeats.tell("worker of notices", ["notices"])
    pass_time(live_redis, heartbeats.KEEP_MS / 1000 + 1)
    heartbeats.tell("web", [PAGES])
    assert live_redis.hlen(BEATS) == 1 and "notices" in heartbeats.hear().served


def test_empty_redis_knows_nobody_and_misses_nobody(live_redis: Any) -> None:
    assert heartbeats.hear() == Pulse((), {}, 0.0)
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


def test_without_redis_a_heart_is_quiet_and_hearing_tells() -> None:
    with heartbeats.beating("worker of any", ["low"]), pytest.raises(redis.RedisError):
        heartbeats.hear()


def test_news_is_told_at_once_and_telling_waits_for_nothing(
    live_redis: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeats, "EVERY", rig.NEVER)
    news = [4]
    with heartbeats.beating("web", [PAGES], obeys=lambda: news[0]) as heart:
        until(lambda: [one.obeys for one in heartbeats.hear().beats] == [4])
        news[0] = 5
        with frozen(live_redis):
            begun = time.monotonic()
            heart.soon()
            assert time.monotonic() - begun < redis_link.PATIENCE
        heart.soon()
        until(lambda: [one.obeys for one in heartbeats.hear().beats] == [5])


def test_beat_under_way_does_not_outlive_its_process(live_redis: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that was told after the word was taken back would be "Silent" on the page for ten minutes."""
    under_way, go_on = threading.Event(), threading.Event()

    def slow() -> int:
        under_way.set()
        go_on.wait(5)
        return 7

    heart = heartbeats.Heart("web", [PAGES], sockets=slow)
    heart.start()
    assert under_way.wait(5)
    # Gives up waiting: the beat is still under way.
    heart.stop()
    go_on.set()
    heart.join(5)
    assert live_redis.hlen(BEATS) == 0 and "pages" in heartbeats.hear().served


def test_word_that_cannot_be_had_ends_nothing(live_redis: Any, caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> int:
        raise RuntimeError("no word")

    with heartbeats.beating("web", [PAGES], sockets=fail):
        until(lambda: "a beat was not told" in caplog.text, 3)
        ALL.count()
    assert ALL.family(tally.read()).samples[0].value == 1


def test_end_of_a_process_hands_its_last_count_over(live_redis: Any) -> None:
    with heartbeats.beating("web", [PAGES]):
        until(lambda: heartbeats.hear().living)
        ALL.count()
    assert ALL.family(tally.read()).samples[0].value == 1
    assert heartbeats.hear().beats == ()


def test_what_is_counted_while_redis_is_away_is_told_when_it_is_back(own_valkey: OwnValkey) -> None:
    own_valkey.kill()
    with heartbeats.beating("web", [PAGES]) as heart:
        ALL.count()
        heart.soon()
        own_valkey.start()
        until(lambda: ALL.family(tally.read()).samples[0].value == 1, 5)


def test_scheduler_that_hangs_lives_but_does_not_serve(live_redis: Any) -> None:
    heartbeats.tell("scheduler", [SCHEDULER], round_age=40)
    pulse = heartbeats.hear()
    assert pulse.living and pulse.served[SCHEDULER] == pytest.approx(40, abs=0.5)
    heartbeats.tell("scheduler", [SCHEDULER], round_age=2)
    heartbeats.tell("scheduler", [SCHEDULER], round_age=50)
    assert heartbeats.hear().served[SCHEDULER] == pytest.approx(2, abs=0.5), "another one is well"


def test_word_of_another_release_is_read_as_far_as_it_is_known(live_redis: Any) -> None:
    heartbeats.tell("web", [PAGES], sockets=3)
    ((name, text),) = live_redis.hgetall(BEATS).items()
    at, _space, said = text.decode().partition(" ")
    told = {**json.loads(said), "mood": "sunny"}
    del told["sockets"]
    live_redis.hset(BEATS, name, f"{at} {json.dumps(told)}")
    (beat,) = heartbeats.hear().beats
    assert (beat.kind, beat.sockets) == ("web", 0)


@pytest.mark.django_db(transaction=True)
def test_web_process_beats_while_its_hub_runs(live_redis: Any, no_second: None) -> None:
    async def scene() -> None:
        async with running_hub():
            await rig.until(lambda: [one.kind for one in heartbeats.hear().beats] == ["web"])

    asyncio.run(scene())
    until(lambda: not heartbeats.hear().beats, 2)


def what_it_is_at() -> str:
    return heartbeats.doing.what


@pytest.mark.django_db
def test_worker_tells_the_name_of_its_job_and_nothing_of_its_arguments(live_redis: Any) -> None:
    job_queues.enqueue("low", what_it_is_at)
    queue = job_queues.get("low")
    (job_id,) = queue.job_ids
    PoolWorker([queue], connection=live_redis, serializer=queue.serializer).work(burst=True)
    job = queue.fetch_job(job_id)
    assert job is not None and job.return_value() == "what_it_is_at" and heartbeats.doing.what == ""
