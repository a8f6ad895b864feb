"""What is older than it is kept goes, whole; what is owed, open or younger stays; and it is told."""

from __future__ import annotations

import io
import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from axes.models import AccessAttempt, AccessAttemptExpiration
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.management import call_command

from clinic import audit, audit_check
from clinic.inbound import uploads
from clinic.models import (
    BookingUpload,
    Clinic,
    Delivery,
    Destination,
    InboundMessage,
    StaffSession,
    Visit,
    VisitEvent,
)
from clinic.retention import policy, scrub, visits
from clinic.services import Actor, deliveries, undo
from clinic.states import ENDED, OPEN, State, Verb
from tests.clinic.audit.told import told
from tests.clinic.conftest import Clock
from tests.factories import do, make_clinic, make_visit, make_visit_in

pytestmark = pytest.mark.django_db
BY = audit.shell("root")


@pytest.fixture(autouse=True)
def no_scrub(monkeypatch: pytest.MonkeyPatch) -> None:
    """It cannot be done in the test's own transaction: test_traces.py does it."""
    monkeypatch.setattr(scrub, "begin", lambda: None)
    monkeypatch.setattr(scrub, "end", lambda: True)
    monkeypatch.setattr("getpass.getuser", lambda: "root")


def purge(*words: str) -> dict[str, str]:
    """The last word of each line of the table, by the first ones."""
    said = io.StringIO()
    call_command("purge", *words, stdout=said, stderr=io.StringIO())
    lines = [line for line in said.getvalue().splitlines() if len(line) > 70]
    return {line[:50].strip(): line.split()[-1] for line in lines[1:]}


def states() -> set[str]:
    return set(Visit.objects.values_list("state", flat=True))


def test_only_ended_visits_go_with_all_that_tells_of_them(harbor: Clinic, emr: Destination, clock: Clock) -> None:
    for state in State:
        make_visit_in(harbor, state)
    Delivery.objects.update(state="skipped")
    visit = Visit.objects.get(state=State.DISCHARGED)
    InboundMessage.objects.create(clinic=harbor, visit=visit, text="Canaryname", answer="", outcome="accepted")
    clock.add(days=91)
    assert purge()["visits with all that tells of them"] == str(len(ENDED)) and states() == set(State)
    assert purge("--yes")["visits with all that tells of them"] == str(len(ENDED))
    assert states() == set(OPEN)
    assert not VisitEvent.objects.exclude(visit__in=Visit.objects.all()).exists()
    assert not Delivery.objects.filter(visit__state__in=ENDED).exists()
    assert not InboundMessage.objects.exists()
    assert told(harbor.pk, "actor_kind", "actor", "detail")[-1] == (
        "purge.visits", "shell", "root", {"count": len(ENDED)},
    )  # fmt: skip
    assert purge()["visits with all that tells of them"] == "0"


def test_younger_ones_stay(harbor: Clinic, clock: Clock) -> None:
    make_visit_in(harbor, State.LEFT)
    clock.add(days=89)
    purge("--yes")
    assert states() == {State.LEFT}


@pytest.mark.parametrize("state", ["pending", "dead"])
def test_visit_that_a_message_is_owed_of_stays_and_is_counted(
    harbor: Clinic, emr: Destination, clock: Clock, state: str, capsys: Any
) -> None:
    make_visit_in(harbor, State.LEFT)
    Delivery.objects.update(state="delivered", delivered_at=clock.at)
    last = Delivery.objects.last()
    assert last is not None
    Delivery.objects.filter(pk=last.pk).update(state=state, delivered_at=None)
    clock.add(days=91)
    call_command("purge", "--yes")
    assert "1 more visits stay" in capsys.readouterr().out
    assert states() == {State.LEFT} and VisitEvent.objects.count() == 2


def test_undone_moves_and_what_staff_did_to_their_messages_go_too(
    harbor: Clinic, emr: Destination, by_ana: Actor, clock: Clock
) -> None:
    visit = make_visit(harbor)
    do(visit, Verb.CALL)
    undo(harbor, visit.public_id, by=by_ana)
    do(visit, Verb.LEFT)
    for row in Delivery.objects.all():
        deliveries.skip(row, by=by_ana, reason="Canaryname called", seen=row.fence)
    clock.add(days=91)
    purge("--yes")
    assert not Visit.objects.exists() and not VisitEvent.objects.exists() and not Delivery.objects.exists()


def test_who_came_along_and_stays_is_of_no_party_any_more(harbor: Clinic, clock: Clock) -> None:
    first = make_visit(harbor)
    second = make_visit(harbor, beside=first)
    assert Visit.objects.get(pk=second.pk).party_id == first.pk
    do(first, Verb.LEFT)
    clock.add(days=91)
    purge("--yes")
    assert Visit.objects.get().party is None


def test_it_goes_clinic_by_clinic_in_batches_and_can_be_cut_short(
    harbor: Clinic, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    hill = make_clinic("hill")
    for clinic in (harbor, harbor, harbor, hill):
        make_visit_in(clinic, State.LEFT)
    clock.add(days=91)
    monkeypatch.setattr(visits, "BATCH", 2)
    steps: list[int] = []

    def step(count: int) -> None:
        steps.append(count)
        if len(steps) == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        visits.delete(clock.at, BY, step)
    assert Visit.objects.count() == 2
    assert visits.delete(clock.at, BY, step) == 2 and steps == [2, 1, 1]
    counts = [detail["count"] for action, detail in told(harbor.pk, "detail") if action == "purge.visits"]
    assert counts == [2, 1] and told(hill.pk)[-1] == "purge.visits"


def test_texts_of_messages_go_sooner_and_one_sent_again_is_made_anew(
    harbor: Clinic, emr: Destination, by_ana: Actor, clock: Clock
) -> None:
    make_visit(harbor, "Marker", "Canaryname")
    InboundMessage.objects.create(
        clinic=harbor, received_at=clock.at, digest="d", text="Canaryname", answer="AA", outcome="ignored"
    )
    Delivery.objects.update(state="delivered", delivered_at=clock.at)
    clock.add(days=31)
    make_visit(harbor, "Fresh", "Canaryname")
    assert purge()["texts of messages sent"] == "1"
    purge("--yes")
    old, new = Delivery.objects.order_by("pk")
    assert (old.body, "Canaryname" in new.body, new.state) == ("", True, "pending")
    message = InboundMessage.objects.get()
    assert (message.text, message.digest, message.answer) == ("", "d", "AA")
    assert told(audit.SYSTEM) == ["purge.bodies", "purge.texts"]
    deliveries.resend(old, by=by_ana, reason="lost", seen=old.fence)
    old.refresh_from_db()
    assert "Canaryname" in old.body and old.state == "pending"


def test_texts_of_what_is_still_owed_stay(harbor: Clinic, emr: Destination, clock: Clock) -> None:
    make_visit(harbor)
    clock.add(days=31)
    purge("--yes")
    assert Delivery.objects.get().body


def test_lists_sessions_and_files_that_were_left_behind(
    harbor: Clinic, ana: User, clock: Clock, settings: Any, tmp_path: Path
) -> None:
    settings.HOME = tmp_path
    uploads.keep(harbor, ana, "Canaryname", is_day_first=False)
    for name, days in (("old", -1), ("new", 99)):
        for model in (Session, StaffSession):
            model.objects.create(pk=name, session_data="", expire_date=clock.at + timedelta(days=days))
    for name in (".evenkeel-restore-old", ".evenkeel-backup-old", ".evenkeel-restore-new", "kept"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "database").write_text("Canaryname")
    then = time.time() - 2 * 24 * 3600
    for name in (".evenkeel-restore-old", ".evenkeel-backup-old", "kept"):
        os.utime(tmp_path / name, (then, then))
    clock.add(hours=1)
    purge("--yes")
    assert not BookingUpload.objects.exists()
    for model in (Session, StaffSession):
        assert [one.pk for one in model.objects.all()] == ["new"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [".evenkeel-restore-new", "kept"]


def test_tried_log_ins_go_with_what_belongs_to_them(harbor: Clinic, clock: Clock) -> None:
    tried = AccessAttempt.objects.create(ip_address="192.0.2.1", failures_since_start=1)
    AccessAttemptExpiration.objects.create(access_attempt=tried, expires_at=clock.at)
    clock.add(days=91)
    AccessAttempt.objects.create(ip_address="192.0.2.2", failures_since_start=1)
    purge("--yes")
    assert AccessAttempt.objects.get().ip_address == "192.0.2.2" and not AccessAttemptExpiration.objects.exists()


def test_what_goes_before_a_purge_is_cut_short_is_told_of(
    harbor: Clinic, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        Session.objects.create(pk=f"old{number}", session_data="", expire_date=clock.at - timedelta(days=1))
    monkeypatch.setattr(policy, "BATCH", 2)

    def step(count: int) -> None:
        raise KeyboardInterrupt

    (part,) = (one for one in policy.parts(BY) if one.noun == "answers")
    with pytest.raises(KeyboardInterrupt):
        policy.drop(part, BY, step)
    assert Session.objects.count() == 3 and told(audit.SYSTEM, "detail") == [("purge.answers", {"count": 2})]
    policy.drop(part, BY, lambda count: None)
    assert [detail["count"] for _action, detail in told(audit.SYSTEM, "detail")] == [2, 2, 1]


def test_without_redis_it_says_so_and_goes_on(harbor: Clinic, clock: Clock) -> None:
    make_visit_in(harbor, State.LEFT)
    clock.add(days=91)
    said = purge("--yes")
    assert said["keys of jobs that nobody waits for"] == "unknown" and not Visit.objects.exists()


def test_chains_are_whole_afterwards(harbor: Clinic, clock: Clock) -> None:
    make_visit_in(harbor, State.LEFT)
    clock.add(days=91)
    purge("--yes")
    assert [one.problems for one in audit_check.check()] == [[]]


def test_models_still_refuse_to_delete_history(harbor: Clinic) -> None:
    visit = make_visit(harbor)
    for refused in (visit.events.all().delete, visit.events.get().delete):
        with pytest.raises(TypeError):
            refused()


def test_reader_who_stands_in_the_way_is_spoken_of(
    harbor: Clinic, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setattr(scrub, "end", lambda: False)
    call_command("purge", "--yes")
    assert "Run it once more." in capsys.readouterr().err
