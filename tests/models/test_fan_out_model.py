"""Commits, jobs, deaths, lapses, flushes and flips in generated orders: the fan-out keeps its laws in each."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import pytest
from django.db import transaction
from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from realtime import job_queues, jobs, notices, switch
from realtime.dirty import CLAIM, DIRTY, JOB_QUEUE, LEASE, Dirty
from realtime.models import Topic
from tests.models import scale
from tests.models.fan_out_rig import ANSWERS, FAILURES, Rig, Run, versions

EXAMPLES = 60
TOPICS = 5
nths = some.integers(0, TOPICS - 1)
answers = some.lists(some.sampled_from([*ANSWERS, *FAILURES]), max_size=4)
EVENTS = ["commit", "flush", "lapse", "lapse and another job", "another job", "off", "share is over", "nothing"]


class FanOutMachine(RuleBasedStateMachine):
    """`sent`: the newest version that went out, by topic. `lost`: see `flush`."""

    def __init__(self, rig: Rig, client: Any, committing: Callable[[], AbstractContextManager[Any]]) -> None:
        super().__init__()
        self.rig, self.client, self.committing = rig, client, committing
        self.client.flushall()
        rig.__init__()  # type: ignore[misc]
        switch.flip("auto", by="olu", reason="a new day")
        self.topics: list[Topic] = [Topic.objects.create() for _n in range(TOPICS)]
        self.version = {topic.name: 1 for topic in self.topics}
        self.owed = rig.owed
        self.lost: set[str] = set(self.version)
        self.sent: dict[str, int] = {}
        self.orphaned = False
        self.late: list[int] = []

    # --- Changes ------------------------------------------------------------------------------------------------

    @rule(nth=nths)
    def commit(self, nth: int) -> None:
        self.raise_version(nth)
        self.owed.add(self.topics[nth].name)
        self.lost.discard(self.topics[nth].name)

    @rule(nth=nths)
    def commit_that_redis_did_not_hear_of(self, nth: int) -> None:
        """The screens' own look at the database is all that is left of it."""
        self.rig.is_unheard = True
        self.raise_version(nth)
        self.rig.is_unheard = False
        self.lost |= {self.topics[nth].name} - self.owed

    @rule(nth=nths)
    def rollback(self, nth: int) -> None:
        with pytest.raises(KeyError), self.committing(), transaction.atomic():
            notices.announce(notices.lock(self.topics[nth].pk))
            raise KeyError

    @rule(nth=nths)
    def process_dies_between_mark_and_job(self, nth: int) -> None:
        name = self.topics[nth].name
        Dirty(self.client).mark(name)
        self.owed.add(name)
        self.lost.discard(name)

    def raise_version(self, nth: int) -> None:
        topic = self.topics[nth]
        with self.committing(), transaction.atomic():
            self.version[topic.name] += 1
            assert notices.announce(notices.lock(topic.pk)) == self.version[topic.name]

    # --- Jobs ---------------------------------------------------------------------------------------------------

    @rule(
        changed=some.sets(nths, min_size=1),
        said=answers,
        during=some.lists(some.sampled_from(EVENTS), max_size=3),
        waits=some.booleans(),
        nth=nths,
        lapsed=some.sampled_from([True, True, False]),
    )
    def job(
        self, changed: set[int], said: list[str], during: list[str], waits: bool, nth: int, lapsed: bool
    ) -> None:
        """The waiting job, or one that RQ gave out twice; with more to send, after a lapse."""
        if lapsed:
            self.lease_lapses()
        for one in changed:
            self.commit(one)
        self.client.lpop(JOB_QUEUE)
        self.rig.answers = list(said)
        steps = [partial(self.happen, event, nth) for event in during]
        self.rig.while_waiting = list(steps[:1]) if waits else []
        self.rig.meanwhile = list(steps[1:] if waits else steps)
        self.run_job()
        self.rig.while_waiting.clear()
        self.rig.meanwhile.clear()

    def happen(self, event: str, nth: int) -> None:
        """Something while a job waits its turn, or is in the midst of a request."""
        steps: dict[str, Callable[[], object]] = {
            "commit": lambda: self.commit(nth),
            "flush": self.flush,
            "lapse": self.lease_lapses,
            "lapse and another job": self.overtake,
            "another job": self.run_job,
            "off": lambda: self.flip(True),
            "share is over": self.share_is_over,
            "nothing": lambda: None,
        }
        steps[event]()

    def overtake(self) -> None:
        self.lease_lapses()
        self.run_job()

    def share_is_over(self) -> None:
        self.rig.now += 2 * jobs.LONGEST

    def run_job(self) -> None:
        before = versions()
        run, record = self.rig.run()
        # Whatever it left, it has asked for a job for.
        self.orphaned = False
        self.check(run, record, before)

    def check(self, run: Run, record: jobs.Record, before: dict[str, int]) -> None:
        """Each topic that was taken out went by exactly one path, at the newest version, as the record says."""
        went = run.confirmed + run.channels + run.lost
        assert sorted(name for name, _version in went) == sorted(run.taken)
        for path, sent in (("ably", run.confirmed), ("channels", run.channels), ("nobody", run.lost)):
            assert sorted(record[path]) == sorted(name for name, _version in sent)
        newest: dict[str, int] = {}
        for name, version in run.asked + [one for one in went if one not in run.asked]:
            assert before[name] <= version <= self.version[name]
            newest[name] = max(version, newest.get(name, 0))
        for name, version in went:
            self.sent[name] = max(version, self.sent.get(name, 0))
        for name, _version in run.lost:
            self.lost |= {name} - self.owed
        _never_older([*run.asked])
        _never_older(run.channels + run.lost)

    @rule(most=some.integers(1, 3))
    def worker_dies(self, most: int) -> None:
        """After it took topics out: these are lost to the fan-out, and the lease stays until it lapses."""
        dead = Dirty(self.client)
        if fence := dead.take_lease():
            taken = set(dead.drain(fence, most))
            self.lost |= taken
            self.late.append(fence)

    @rule()
    def job_while_another_is_in_flight(self) -> None:
        other = Dirty(self.client)
        fence = other.take_lease()
        run, _record = self.rig.run()
        assert run == Run()
        if fence:
            other.release(fence)
            self.orphaned = True

    @rule()
    def late_worker_comes_back(self) -> None:
        """Its number is old: it takes nothing out, and ends nobody's lease."""
        lease = self.client.get(LEASE)
        for fence in self.late:
            if lease != str(fence).encode():
                assert Dirty(self.client).drain(fence, 100) == []
                Dirty(self.client).release(fence)
        assert self.client.get(LEASE) == lease

    # --- What befalls Redis and the vendor ----------------------------------------------------------------------

    @rule()
    def lease_lapses(self) -> None:
        if lease := self.client.getdel(LEASE):
            self.late.append(int(lease))
            self.orphaned = True

    @rule()
    def claim_lapses(self) -> None:
        self.orphaned |= bool(self.client.delete(CLAIM))

    @rule()
    def flush(self) -> None:
        """What was marked is lost to the fan-out, until it changes again."""
        self.client.flushall()
        self.lost |= self.owed
        self.owed.clear()

    @rule(off=some.booleans())
    def flip(self, off: bool) -> None:
        switch.flip("off" if off else "auto", by="olu", reason="drill")
        self.rig.is_off = off

    @rule(away=some.booleans())
    def layer(self, away: bool) -> None:
        self.rig.layer_is_away = away

    # --- The end of each, and what is always true ---------------------------------------------------------------

    @rule()
    def sweep(self) -> None:
        wanted = self.owed and not self.client.exists(LEASE, CLAIM) and not self.client.llen(JOB_QUEUE)
        assert jobs.sweep() == bool(wanted)
        self.orphaned = False

    @rule()
    def all_is_sent_in_the_end(self) -> None:
        self.client.delete(LEASE, CLAIM)
        self.sweep()
        while self.client.lpop(JOB_QUEUE):
            self.run_job()
        assert not self.owed and not self.client.exists(LEASE)
        for name, version in self.version.items():
            assert name in self.lost or self.sent[name] == version, "its newest version never went out"

    def teardown(self) -> None:
        self.all_is_sent_in_the_end()

    @invariant()
    def one_job_waits_at_most(self) -> None:
        assert self.client.smembers(DIRTY) == {name.encode() for name in self.owed}
        assert job_queues.get("notices").count <= 1
        assert self.rig.open_clients == 0
        mine = {name: version for name, version in versions().items() if name in self.version}
        assert mine == self.version
        if self.owed and not self.orphaned:
            assert self.client.exists(LEASE, CLAIM) or self.client.llen(JOB_QUEUE), "nobody is about to send it"


def _never_older(sent: list[tuple[str, int]]) -> None:
    newest: dict[str, int] = {}
    for name, version in sent:
        assert version >= newest.get(name, 0), "older after newer"
        newest[name] = version


@pytest.mark.django_db
def test_fan_out_keeps_its_laws(
    live_redis: Any, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    rig = Rig()
    rig.install(monkeypatch)
    committing = partial(django_capture_on_commit_callbacks, execute=True)
    run_state_machine_as_test(lambda: FanOutMachine(rig, live_redis, committing), settings=scale.of(EXAMPLES))
