"""The oracle can say no: each kind of failure, made on purpose."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import IntegrityError, transaction

from clinic.models import Delivery, Visit, VisitEvent
from clinic.models.people import Device
from tests.factories import make_visit
from tests.input.cases import Case
from tests.input.engine import Run
from tests.input.wire import Answer, Request
from tests.input.world import OURS, THEIRS

pytestmark = pytest.mark.django_db

HTML = {"content-type": "text/html; charset=utf-8"}


@pytest.fixture(autouse=True)
def undone(run: Run) -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def of_answer(run: Run, body: str, status: int = 200, actor: str = "kiosk", speaks: str = "") -> list[str]:
    answer = Answer(status, HTML, body.encode())
    return list(run.oracle.of_answer(actor, Request("GET", "/kiosk/", speaks=speaks), answer))


@pytest.mark.parametrize(
    ("body", "actor"),
    [
        ("Traceback (most recent call last)", "nobody"),
        (OURS, "kiosk"),
        (THEIRS, "clerk"),
        (OURS, "clerk of the other clinic"),
    ],
)
def test_leak_is_seen(run: Run, body: str, actor: str) -> None:
    assert of_answer(run, body, actor=actor)


def test_hash_of_a_token_is_seen(run: Run) -> None:
    assert of_answer(run, Device.objects.exclude(token_hash="")[0].token_hash, actor="superuser")


def test_what_may_be_seen_is_no_leak(run: Run) -> None:
    assert of_answer(run, OURS, actor="clerk") == []
    assert of_answer(run, OURS + THEIRS, actor="superuser") == []


@pytest.mark.parametrize(("status", "body"), [(500, "data-build="), (404, ""), (404, "<h1>Not Found</h1>")])
def test_failure_and_a_page_that_is_not_ours_are_seen(run: Run, status: int, body: str) -> None:
    assert of_answer(run, body, status)


def test_wrong_language_is_seen(run: Run) -> None:
    english = '<html lang="en" data-build="1">'
    assert of_answer(run, english, 404, speaks="es")
    assert of_answer(run, english.replace("en", "es"), 404, speaks="es") == []


def stored(run: Run, status: int = 302, *tables: str) -> list[str]:
    return list(run.oracle.of_database(Answer(status, {}, b""), {"clinic_visit", *tables}))


def test_row_behind_a_refusal_is_seen(run: Run) -> None:
    assert stored(run, 422) == []
    make_visit(run.site.world.ours)
    assert stored(run, 302) == []
    assert stored(run, 422)


def test_visit_without_its_event_or_with_a_broken_chain_is_seen(run: Run) -> None:
    visit = make_visit(run.site.world.ours)
    Visit.objects.filter(pk=visit.pk).update(state="left", ended_at=visit.arrived_at)
    assert stored(run)


def test_event_without_its_delivery_or_version_is_seen(run: Run) -> None:
    visit = make_visit(run.site.world.ours)
    Delivery.objects.filter(visit=visit).delete()
    assert any("deliveries" in one for one in stored(run))
    topic = run.site.world.ours.topic
    topic.version = 1
    topic.save()
    assert any("version" in one for one in stored(run))


@pytest.mark.parametrize("name", ["Bob\x07", "\u202eboB", "  "])
def test_bad_name_is_seen(run: Run, name: str) -> None:
    visit = make_visit(run.site.world.ours)
    Visit.objects.filter(pk=visit.pk).update(family_name=name)
    assert any("stored the name" in one for one in stored(run))


def test_reference_that_leads_nowhere_is_seen_although_nothing_was_committed(run: Run) -> None:
    event = VisitEvent.objects.latest("pk")
    VisitEvent.objects.bulk_create(
        [VisitEvent(visit_id=10**6, sequence=1, verb="book", to_state="waiting", at=event.at)]
    )
    with pytest.raises(IntegrityError):
        stored(run)


def test_nothing_of_a_request_stays(run: Run) -> None:
    """And the same request is judged alike twice."""
    before = Visit.objects.count()
    case = Case(0, "nobody", Request("GET", "/kiosk/"), [])
    assert [run.judge(case)[0].status for _n in range(2)] == [403, 403]
    assert Visit.objects.count() == before
