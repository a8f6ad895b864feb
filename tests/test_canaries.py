"""That the net catches: each way out for a patient's data is broken once, and what serves then is looked at."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
import redis
from django.db import IntegrityError, connection, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.test import Client
from django.urls import include, path

from clinic.models import Clinic, Visit
from clinic.running import worker
from realtime import job_queues
from tests import canaries
from tests.clinic.scrape import figures
from tests.factories import BORN, make_clinic, make_visit

PHONE = "202 555 0143"
PATIENT = ["Bob", "Miller", str(BORN), PHONE]
BOUND = "a patient's data where it must not be"


def refuse_a_row(visit: Visit) -> None:
    """PostgreSQL quotes the whole row that it refuses; so does what a form's field was asked for."""
    with transaction.atomic():
        Visit.objects.filter(pk=visit.pk).update(state="asleep")


def fail_on_a_row(request: HttpRequest) -> HttpResponse:
    """A patient is in the locals of each frame, in the errors of the chain, and in the answers of the form."""
    visit = Visit.objects.get()
    try:
        refuse_a_row(visit)
    except IntegrityError as error:
        raise ValueError(f"could not keep {visit.family_name}, born {visit.birth_date}: {error}") from error
    return HttpResponse("kept")


def tell_in_an_error(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"could not keep {request.POST['family_name']}", status=500)


def lead_to_a_name(request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect(f"/desk/?q={request.POST['family_name']}")


def fail_as_a_job() -> None:
    # A traceback quotes this line, so no name stands in it.
    raise ValueError(" ".join(PATIENT))


urlpatterns = [
    path("broken/row/", fail_on_a_row),
    path("broken/page/", tell_in_an_error),
    path("broken/address/", lead_to_a_name),
    path("", include("clinic.urls")),
]
handler400, handler404 = "clinic.views.errors.bad_request", "clinic.views.errors.not_found"
handler500 = "clinic.views.errors.server_error"


@pytest.fixture
def harbor(db: None) -> Clinic:
    return make_clinic()


@pytest.fixture
def unforgiving() -> Client:
    """A client that gets the page of an error, as a browser would."""
    return Client(raise_request_exception=False)


@pytest.mark.parametrize(
    "text",
    [
        "Miller", "family=MILLER", "Bob%20Miller", '"Miller"', f"{BORN}", "04/17/1985", "4/17/1985", "17.04.1985",
        "19850417", "datetime.date(1985, 4, 17)", "April 17, 1985", "17 Apr 1985", "1985%2F04%2F17", PHONE,
        "(202) 555-0143", "+12025550143", "202.555.0143", "Bobabcdefghijkl", "PID|||7||Zanzicanary^Quibble",
    ],
)  # fmt: skip
def test_mark_is_found_in_each_spelling(text: str) -> None:
    assert len(canaries.found(f"before {text} after")) == 1


@pytest.mark.parametrize("text", ["a2miller7", "1985041", "11985041799", "Bob", "4 of 17 in 1985", "2025 55 0143"])
def test_other_words_are_no_marks(text: str) -> None:
    assert canaries.found(f"before {text} after") == []


@pytest.mark.urls(__name__)
def test_forced_500_tells_nobody_of_the_row(
    harbor: Clinic, unforgiving: Client, caplog: pytest.LogCaptureFixture, no_patient_is_told_of: canaries.Net
) -> None:
    visit = make_visit(harbor)
    if connection.vendor == "postgresql":
        with pytest.raises(IntegrityError, match="Miller"):
            refuse_a_row(visit)
    page = unforgiving.post("/broken/row/", {"family_name": "Miller"})
    assert page.status_code == 500
    assert canaries.found(page.content.decode()) == []
    assert "fail_on_a_row" in "".join(no_patient_is_told_of.format(one) for one in caplog.records)
    assert figures()["evenkeel_database_answers",] == 1


@pytest.mark.urls(__name__)
@pytest.mark.parametrize(
    ("place", "leak"),
    [
        ("a log line", lambda client: logging.getLogger("clinic.x").warning("here is %s", "Miller")),
        ("an error page", lambda client: client.post("/broken/page/", {"family_name": "Miller"})),
        ("an address to go on to", lambda client: client.post("/broken/address/", {"family_name": "Miller"})),
        ("an address", lambda client: client.get("/desk/", {"q": "Bob Miller"})),
        ("a referrer", lambda client: client.get("/healthz", HTTP_REFERER="http://x/?born=1985-04-17")),
    ],
)
@pytest.mark.django_db
def test_net_catches(
    unforgiving: Client, no_patient_is_told_of: canaries.Net, place: str, leak: Callable[[Client], object]
) -> None:
    with pytest.raises(AssertionError, match=BOUND), canaries.net() as net:
        leak(unforgiving)
    assert {one.partition(":")[0] for one in net.caught} == {place}
    # It was on purpose.
    no_patient_is_told_of.caught.clear()


def test_net_catches_in_each_kind_of_key(live_redis: Any) -> None:
    live_redis.set("a", "Miller")
    live_redis.set("b-Miller", "1")
    live_redis.hset("c", "born", "1985-04-17")
    live_redis.rpush("d", "Miller")
    live_redis.sadd("e", "Miller")
    live_redis.zadd("f", {"Miller": 1})
    live_redis.xadd("g", {"name": "Miller"})
    assert len(canaries.found(canaries.in_redis(live_redis))) == 7
    live_redis.flushall()


@pytest.mark.django_db
def test_job_that_fails_on_a_patient_leaves_nothing_in_redis_or_the_log(live_redis: Any, settings: Any) -> None:
    job_queues.enqueue("low", fail_as_a_job)
    connection_of_worker = redis.Redis(**{**settings.REDIS_KWARGS, **worker.redis_options()})
    worker._worker("general", connection_of_worker).work(burst=True)
    connection_of_worker.close()
    kept = canaries.in_redis(live_redis)
    assert "builtins.ValueError" in kept and "fail_as_a_job" in kept
    assert canaries.found(kept) == []


def test_place_where_nothing_was_looked_at_is_no_proof() -> None:
    with pytest.raises(AssertionError, match="nothing was found at vendor"):
        canaries.must_be_absent(logs="well", vendor="")
