"""What the bench owes, when it was first tried, and what the bare protocols send of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from clinic.emr import Beside, listening
from clinic.integrations import kinds
from clinic.integrations.parcel import Parcel
from clinic.models import Delivery, Destination, Visit
from clinic.states import State
from tests.bench import stays, visits
from tests.bench.changes import EVENTS, OWED_BY_A_VISIT
from tests.bench.owed import Owed
from tests.bench.rivals.calls import Calls
from tests.bench.tries import Tries
from tests.bench.visits import Visits
from tests.factories import SECRET, make_clinic, make_destination, make_visit

NOWHERE = {"webhook": "http://127.0.0.1:9/", "fhir": "http://127.0.0.1:9/fhir", "hl7": "mllp://127.0.0.1:9"}
KINDS = list(NOWHERE)


@pytest.fixture
def emr() -> Iterator[Beside]:
    with listening(SECRET) as found:
        yield found


def owed_to(addresses: dict[str, str], many: int = 8) -> Owed:
    owed = Owed()
    owed.seed(many, addresses, SECRET)
    return owed


def test_whole_stays_owe_a_message_an_event_and_hl7_none_for_a_call(db: None) -> None:
    events = stays.stays(make_clinic(), 2, timedelta(hours=8))
    assert len(events) == 2 * EVENTS
    assert set(Visit.objects.values_list("state", flat=True)) == {State.DISCHARGED}
    assert all(event.at < timezone.now() for event in events)
    clinic = Visit.objects.first().clinic  # type: ignore[union-attr]
    owed = [stays.owe(make_destination(clinic, name=kind, kind=kind), events) for kind in KINDS]
    assert owed == [10, 10, 8]
    assert sum(owed) == 2 * OWED_BY_A_VISIT
    assert Delivery.objects.filter(state="pending").exclude(body="").count() == sum(owed)


def test_what_was_delivered_long_ago_needs_no_message_of_its_own(db: None) -> None:
    destination = make_destination(make_clinic(), kind="hl7")
    events = stays.stays(destination.clinic, 1, timedelta(hours=8))
    stays.owe(destination, events, body="x", state="delivered", delivered_at=timezone.now())
    assert set(Delivery.objects.values_list("body", "state")) == {("x", "delivered")}


@pytest.mark.parametrize("kind", KINDS)
def test_a_backlog_is_owed_anew_as_far_as_it_is_to_drain(db: None, kind: str) -> None:
    owed = owed_to(NOWHERE)
    Delivery.objects.update(
        state="delivered", delivered_at=timezone.now(), attempts=1, first_tried_at=timezone.now()
    )
    owed.renew(kind, 3)
    waiting = Delivery.objects.filter(state="pending")
    assert list(waiting.values_list("key", "body")) == owed.messages(kind, 3)
    assert set(waiting.values_list("destination__kind", "attempts", "first_tried_at")) == {(kind, 0, None)}
    assert owed.pause(kind) == 3


def test_check_ins_are_owed_to_each_kind_or_to_nobody(db: None) -> None:
    owing, alone = owed_to(NOWHERE).check_ins(2)
    assert len(owing) == len(alone) == 2 and min(owing + alone) > 0
    visits = Visit.objects.filter(state=State.WAITING)
    assert sorted(visit.deliveries.count() for visit in visits) == [0, 0, 3, 3]


@pytest.mark.parametrize("kind", KINDS)
def test_the_rival_sends_the_bytes_that_we_send(db: None, emr: Beside, kind: str) -> None:
    addresses = {"webhook": emr.hook_url, "fhir": emr.fhir_url, "hl7": emr.mllp_url}
    owed = owed_to(addresses)
    messages = owed.messages(kind, 4)
    assert Calls().run(kind, addresses[kind], SECRET, messages) > 0
    bare = emr.received()
    assert bare["count"] and not bare["violations"]
    destination, remote = Destination.objects.get(kind=kind), dict[str, str]()
    for key, body in messages[:1] if kind == "fhir" else messages:
        kinds.SENDERS[kind].send(Parcel(key, body, destination, 5.0, remote))
    ours = emr.received()
    assert not ours["violations"] and all(entry["same"] for entry in ours["received"])
    if kind != "fhir":
        assert [entry["times"] for entry in ours["received"]] == [2] * 4


def test_delays_are_from_the_commit_to_the_first_try_in_the_order_of_the_commits(db: None) -> None:
    destination, tries = make_destination(make_clinic()), Tries()
    make_visit(destination.clinic)
    newest = tries.newest()
    commits = []
    for _number in range(2):
        make_visit(destination.clinic)
        commits.append(time.monotonic())
    epoch = time.time() - time.monotonic()
    for row, commit, seconds in zip(Delivery.objects.filter(pk__gt=newest), commits, (0.25, 1.5), strict=True):
        row.first_tried_at = datetime.fromtimestamp(epoch + commit + seconds, tz=UTC)
        row.save()
    assert tries.delays(newest, commits) == pytest.approx([0.25, 1.5], abs=0.005)
    with pytest.raises(ValueError, match="zip"):
        tries.delays(newest, commits[:1])


def test_a_group_s_visits_go_through_every_step(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visits, "PRESENT", 1)
    group = Visits()
    assert group.seed(2, NOWHERE, SECRET) == 6
    began, ended, late = group.run(1000.0, 2 * EVENTS / 1000)
    assert ended > began and late >= 0
    assert [visit.state for visit in Visit.objects.all()] == [State.DISCHARGED] * 2
    assert Delivery.objects.count() == 2 * OWED_BY_A_VISIT
    Delivery.objects.update(first_tried_at=timezone.now())
    assert len(group.delays(began, ended)) == 2 * OWED_BY_A_VISIT


def test_one_that_comes_back_is_ill_and_owed_and_its_drain_is_told(db: None) -> None:
    group, since = Visits(), time.time()
    group.seed(2, NOWHERE, SECRET)
    back = Destination.objects.get(pk=group.come_back("hl7", 8))
    assert back.is_ill and back.kind == "hl7"
    assert group.drained(back.pk, since) == (0, 8, 0.0)
    for number, row in enumerate(back.deliveries.all()[:3]):
        row.state, row.delivered_at = "delivered", timezone.now() + timedelta(seconds=number)
        row.save()
    assert group.drained(back.pk, since) == (3, 5, pytest.approx(2.0, abs=0.05))
