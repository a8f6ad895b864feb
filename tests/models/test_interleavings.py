"""Tabs, clerks, kiosks, threads and processes at one clinic at once: nothing is lost, nobody is here twice."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from clinic.models import Clinic, Delivery, HelpRequest, Visit, VisitEvent
from clinic.services import Actor, book, check_in, move
from clinic.services.actors import name_of
from clinic.states import Verb, is_untold
from realtime.models import Topic
from tests.factories import another_name, answers, make_clinic, make_destination, make_device, make_user
from tests.models import scale
from tests.models.agreement import check_chains
from tests.models.crowd import Someone, is_on_site, person_of
from tests.models.people import PEOPLE, said_by

ROOT = Path(__file__).resolve().parent.parent.parent
CALLS = 25
FORMS = 20
# What a refusal that names nobody may say.
DOCUMENTED = (
    "Nobody is waiting.",
    "asked for more time",
    "there is nothing to undo any more.",
    "was just taken by",
    # A kiosk that was asked for too many people who are here.
    "go to the front desk to check in.",
)

Log = list[dict[str, Any]]


@pytest.fixture
def clinic(transactional_db: None) -> Clinic:
    """With one system to tell, and some who are booked for about now."""
    clinic = make_clinic()
    make_destination(clinic)
    for person in PEOPLE[2:5]:
        book(clinic, said_by(person, True), timezone.now() + timedelta(minutes=5), by=Actor())
    return clinic


def plans(clinic: Clinic, seed: int) -> list[dict[str, Any]]:
    """Two tabs of Ana, one of Ben, and three kiosks that all have the same forms to send."""
    chance = random.Random(seed)
    forms = [
        {
            "key": str(uuid.UUID(int=chance.getrandbits(128))),
            "people": chance.choices(range(len(PEOPLE)), k=chance.choice([1, 1, 1, 2, 3])),
            "claimed": chance.random() < 0.5,
            # Every few forms, others of these names: born a day later.
            "days": number // 4,
        }
        for number in range(FORMS)
    ]
    ana, ben = make_user("ana", clinic), make_user("ben", clinic)
    kiosks = [make_device(clinic, name=name)[0] for name in ("Door", "Hall", "Stairs")]
    who = [{"user": ana.pk}, {"device": kiosks[0].pk}, {"user": ana.pk}, {"user": ben.pk}]
    who += [{"device": kiosk.pk} for kiosk in kiosks[1:]]
    alike = {
        "clinic": clinic.pk,
        "calls": CALLS,
        "forms": forms,
        "database": str(connection.settings_dict["NAME"]),
    }
    return [{**alike, **one, "seed": seed + number} for number, one in enumerate(who)]


@contextmanager
def process(plan: dict[str, Any]) -> Iterator[subprocess.Popen[str]]:
    """One that is ready, and waits for the word."""
    words = [sys.executable, "-m", "tests.models.one_process"]
    with subprocess.Popen(
        words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as child:
        assert child.stdin and child.stdout
        try:
            child.stdin.write(json.dumps(plan) + "\n")
            child.stdin.flush()
            yield child
        finally:
            child.kill()


def crowd(in_threads: list[dict[str, Any]], in_processes: list[dict[str, Any]]) -> Log:
    """What all of them did, who began together."""
    with ExitStack() as stack:
        children = [stack.enter_context(process(plan)) for plan in in_processes]
        for child in children:
            assert json.loads(child.stdout.readline()) == "ready"  # type: ignore[union-attr]
        gate = Barrier(len(in_threads) + 1)
        pool = stack.enter_context(ThreadPoolExecutor(len(in_threads)))
        logs = [pool.submit(lambda plan=plan: _in_a_thread(plan, gate)) for plan in in_threads]
        gate.wait(30)
        for child in children:
            child.stdin.write("go\n")  # type: ignore[union-attr]
            child.stdin.flush()  # type: ignore[union-attr]
        done = [log.result(120) for log in logs]
        done += [json.loads(child.stdout.readline()) for child in children]  # type: ignore[union-attr]
        return [row for log in done for row in log]


def _in_a_thread(plan: dict[str, Any], gate: Barrier) -> Log:
    someone = Someone(plan)
    connection.close()
    gate.wait(30)
    return someone.live()


@pytest.mark.parametrize("seed", range(1, 2 + scale.SOAK))
@pytest.mark.usefixtures("no_redis")
def test_crowd_of_threads_and_processes_loses_nothing(clinic: Clinic, seed: int) -> None:
    all_plans = plans(clinic, seed)
    log = crowd(all_plans[:2], all_plans[2:])
    assert len(log) == len(all_plans) * CALLS
    log += late_on_purpose(clinic, *all_plans[2:4])
    events = list(VisitEvent.objects.select_related("visit").order_by("pk"))
    assert [row for row in log if row["end"] == "broke"] == []
    check_history(clinic, events)
    check_nobody_is_here_twice(events)
    check_acknowledged(log, events)
    check_losers(log)


def late_on_purpose(clinic: Clinic, *two: dict[str, Any]) -> Log:
    """Both call the same person, one after the other: so somebody is late, however the crowd was scheduled."""
    first, second = map(Someone, two)
    first.do(
        "check in", None, lambda: [check_in(clinic, answers(another_name()), by=first.by, identity_checked=True)]
    )
    visit = Visit.objects.get(pk=first.log[0]["visits"][0])
    for one in (first, second):
        one.do(
            Verb.CALL,
            visit,
            lambda by=one.by: [move(clinic, visit.public_id, Verb.CALL, by=by, room=first.room())],
        )
    assert [row["end"] for row in first.log + second.log] == ["done", "done", "late"]
    return first.log + second.log


def check_history(clinic: Clinic, events: list[VisitEvent]) -> None:
    """No version is missing, no event either, and each visit is what its history made of it."""
    assert Topic.objects.get(pk=clinic.topic_id).version == 1 + len(events) + HelpRequest.objects.count()
    assert Delivery.objects.count() == sum(not is_untold(event.verb, event.from_state) for event in events)
    check_chains(sorted(events, key=lambda event: (event.visit_id, event.sequence)))
    calls, checked = Counter[int](), dict[int, bool]()
    last: dict[int, VisitEvent] = {}
    for event in events:
        pk = event.visit_id
        calls[pk] += event.verb in (Verb.CALL, Verb.RECALL)
        checked[pk] = event.verb == Verb.CONFIRM or checked.get(pk, False)
        if event.verb == Verb.UNDO:
            assert event.reverses
            calls[pk], checked[pk] = event.reverses.before["calls"], event.reverses.before["identity_checked"]
        if event.verb == Verb.CHECK_IN:
            checked[pk] = event.user_id is not None
        last[pk] = event
    for visit in Visit.objects.all():
        seen = (visit.state, visit.calls, visit.identity_checked)
        assert seen == (last[visit.pk].to_state, calls[visit.pk], checked[visit.pk])


def check_nobody_is_here_twice(events: list[VisitEvent]) -> None:
    """At no moment, in the order of the moves. A ticket is one person's, a form's key one visit's."""
    here: dict[tuple[str, str, str], set[int]] = {}
    for event in events:
        theirs = here.setdefault(person_of(event.visit), set())
        theirs.add(event.visit_id) if is_on_site(event.to_state) else theirs.discard(event.visit_id)
        assert len(theirs) <= 1, f"{event.visit} is the same person as another here"
    tickets = Counter(Visit.objects.exclude(ticket="").values_list("day", "ticket"))
    keys = Counter(Visit.objects.exclude(idempotency_key=None).values_list("idempotency_key", flat=True))
    assert set((tickets + keys).values()) == {1}


def check_acknowledged(log: Log, events: list[VisitEvent]) -> None:
    """Who was told that it is done finds it in the history, and nothing is there that nobody was told of."""
    told = {pk for row in log for pk in row["events"]}
    visits = {pk for row in log for pk in row["visits"]}
    known = {event.pk for event in events}
    assert told <= known
    assert visits <= {event.visit_id for event in events if event.verb == Verb.CHECK_IN}
    untold = [event for event in events if event.pk not in told]
    assert {event.verb for event in untold} <= {Verb.BOOK, Verb.CHECK_IN, Verb.RETURN, Verb.KEEP}
    assert {event.visit_id for event in untold if event.verb != Verb.BOOK} <= visits


def check_losers(log: Log) -> None:
    """Whoever came too late is told who was first: somebody who has indeed acted on that visit."""
    ends = Counter(row["end"] for row in log)
    assert ends["late"] and ends["done"], ends
    for row in log:
        if row["end"] == "refused":
            assert any(words in row["text"] for words in DOCUMENTED), row
        elif row["end"] == "late":
            acted = VisitEvent.objects.filter(visit=row["visit"]).select_related("user", "device")
            names = {name_of(event) for event in acted} | {"you were there already", "is here already"}
            assert any(name in row["text"] for name in names), row
