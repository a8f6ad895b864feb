from __future__ import annotations

from typing import Any

import pytest
import redis
from django.db import DatabaseError, transaction

from clinic.integrations import jobs, webhook
from clinic.models import Clinic, Delivery, Visit, VisitEvent
from clinic.models.destinations import Trigger
from clinic.states import Verb
from realtime import redis_link
from tests.factories import do, make_clinic, make_destination, make_visit

pytestmark = pytest.mark.django_db


def test_each_event_owes_one_row_to_each_destination_of_its_clinic(harbor: Clinic) -> None:
    wanted = {make_destination(harbor, name=name).pk for name in ("EMR", "Billing")}
    make_destination(make_clinic("inland"))
    visit = make_visit(harbor)
    do(visit, Verb.CALL)
    owed = Delivery.objects.values_list("destination", "visit", "event__sequence", "state")
    assert set(owed) == {(pk, visit.pk, number, "pending") for pk in wanted for number in (1, 2)}
    assert len(set(Delivery.objects.values_list("key", flat=True))) == 4


def test_clinic_without_destinations_owes_nothing(harbor: Clinic, no_redis: list[Any]) -> None:
    make_visit(harbor)
    assert not Delivery.objects.exists()


def test_rollback_leaves_no_visit_no_event_and_no_row(
    harbor: Clinic, no_redis: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    make_destination(harbor)
    with (
        django_capture_on_commit_callbacks(execute=True),
        pytest.raises(RuntimeError),
        transaction.atomic(),
    ):
        make_visit(harbor)
        assert Delivery.objects.count() == 1
        raise RuntimeError
    assert [model.objects.count() for model in (Visit, VisitEvent, Delivery)] == [0, 0, 0]
    assert no_redis == []


def test_change_is_not_made_when_its_row_cannot_be_written(
    harbor: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_destination(harbor)

    def refuse(rows: Any) -> None:
        raise DatabaseError

    monkeypatch.setattr(Delivery.objects, "bulk_create", refuse)
    with pytest.raises(DatabaseError):
        make_visit(harbor)
    assert not Visit.objects.exists()


def test_one_job_a_destination_is_asked_for_after_the_commit_with_ids_only(
    harbor: Clinic, no_redis: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    make_visit(harbor)
    emr = make_destination(harbor)
    slow = make_destination(harbor, name="Slow", is_ill=True)
    with django_capture_on_commit_callbacks(execute=True):
        make_visit(harbor)
        assert no_redis == []
    assert no_redis == [("integrations", jobs.deliver, emr.pk), ("ill", jobs.deliver, slow.pk)]


@pytest.mark.django_db(transaction=True)
def test_check_in_without_redis_is_stored_with_what_it_owes() -> None:
    clinic = make_clinic()
    make_destination(clinic)
    with pytest.raises(redis.RedisError):
        redis_link.client().ping()
    visit = make_visit(clinic)
    assert list(visit.deliveries.values_list("state", flat=True)) == ["pending"]


def test_body_is_that_of_the_event_even_when_the_visit_has_moved_on(harbor: Clinic) -> None:
    make_destination(harbor)
    visit = make_visit(harbor)
    first = visit.deliveries.get().body
    do(visit, Verb.CALL)
    assert visit.deliveries.earliest("pk").body == first
    assert '"state":"called"' in visit.deliveries.latest("pk").body


def test_what_a_destination_does_not_want_is_not_owed(harbor: Clinic, no_redis: list[Any]) -> None:
    make_destination(harbor, mapping={Trigger.CALLED: ""})
    visit = make_visit(harbor)
    do(visit, Verb.CALL)
    do(visit, Verb.ROOM)
    assert [row.event.verb for row in visit.deliveries.all()] == ["check-in", "room"]


def test_message_that_cannot_be_made_keeps_nobody_from_checking_in(
    harbor: Clinic,
    no_redis: list[Any],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    django_capture_on_commit_callbacks: Any,
) -> None:
    def explode(*words: Any) -> str:
        raise KeyError(words[1].visit.family_name)

    make_destination(harbor)
    monkeypatch.setattr(webhook, "compose", explode)
    with django_capture_on_commit_callbacks(execute=True):
        visit = make_visit(harbor)
    owed = visit.deliveries.get()
    assert (visit.state, owed.state, owed.body) == ("waiting", "dead", "")
    assert owed.last_error == "the message could not be made: KeyError"
    assert "no message could be made of event" in caplog.text
    assert no_redis == []
