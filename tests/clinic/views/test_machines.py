from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from clinic.models import Clinic, Delivery, Destination
from clinic.running.home import free_port
from clinic.services import Actor, destinations
from realtime import job_queues
from tests.clinic.conftest import Clock
from tests.clinic.owed import owe
from tests.clinic.scrape import figures
from tests.factories import make_destination
from tests.own_valkey import connect

pytestmark = pytest.mark.django_db
TOKEN = "t" * 20


def test_figures_of_each_destination(harbor: Clinic, live_redis: Any, clock: Clock) -> None:
    emr = make_destination(harbor)
    idle = make_destination(harbor, name="Idle")
    destinations.pause(idle, by=Actor(), reason="at night")
    owe(harbor), owe(harbor)
    Delivery.objects.filter(destination=idle).delete()
    Delivery.objects.filter(pk=emr.deliveries.latest("pk").pk).update(state="dead")
    clock.add(minutes=20)
    Destination.objects.filter(pk=emr.pk).update(
        is_ill=True, ill_since=clock.at - timedelta(minutes=16), failures=2
    )
    job_queues.enqueue("low", owe, 1)
    found, pk, other = figures(), str(emr.pk), str(idle.pk)
    assert (found["evenkeel_deliveries", pk, "pending"], found["evenkeel_deliveries", pk, "dead"]) == (1, 1)
    assert found["evenkeel_oldest_waiting_seconds", pk] == pytest.approx(1200)
    assert found["evenkeel_destination_silent_seconds", pk] == pytest.approx(960)
    for name, ill, well in [("ill", 1, 0), ("paused", 0, 1), ("alarm", 1, 0)]:
        assert (found[f"evenkeel_destination_{name}", pk], found[f"evenkeel_destination_{name}", other]) == (
            ill,
            well,
        )
    assert found["evenkeel_deliveries", other, "pending"] == 0
    assert found["evenkeel_redis_answers",] == 1
    assert (found["evenkeel_job_queue_depth", "low"], found["evenkeel_job_queue_depth", "ill"]) == (1, 0)


def test_one_that_answers_and_takes_nothing_has_a_figure(harbor: Clinic, live_redis: Any, clock: Clock) -> None:
    emr = make_destination(harbor)
    owe(harbor)
    emr.deliveries.update(last_failure="error", first_tried_at=clock.at - timedelta(minutes=16))
    found, pk = figures(), str(emr.pk)
    assert found["evenkeel_destination_failing_seconds", pk] == pytest.approx(960)
    assert found["evenkeel_destination_silent_seconds", pk] == 0
    assert found["evenkeel_destination_alarm", pk] == 1


def test_no_patient_and_no_name_is_in_them(harbor: Clinic) -> None:
    make_destination(harbor, name="Planted", last_error="Miller")
    owe(harbor)
    text = Client().get("/metrics").content.decode()
    assert "evenkeel_deliveries" in text
    assert not {word for word in ("Planted", "Miller", "Harbor") if word in text}


def test_redis_that_is_away_is_a_figure_too(settings: Any) -> None:
    connect(settings, f"redis://127.0.0.1:{free_port()}/0")
    assert figures()["evenkeel_redis_answers",] == 0


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"REMOTE_ADDR": "127.0.0.1"}, 200),
        ({"REMOTE_ADDR": "::1"}, 200),
        ({"REMOTE_ADDR": "10.1.2.3"}, 404),
        ({"REMOTE_ADDR": ""}, 404),
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "198.51.100.7"}, 404),
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_PROTO": "https"}, 404),
        ({"REMOTE_ADDR": "10.1.2.3", "HTTP_AUTHORIZATION": f"Bearer {TOKEN}"}, 200),
        ({"REMOTE_ADDR": "10.1.2.3", "HTTP_AUTHORIZATION": "Bearer tttt"}, 404),
        ({"REMOTE_ADDR": "10.1.2.3", "HTTP_AUTHORIZATION": "Bearer "}, 404),
        ({"REMOTE_ADDR": "10.1.2.3", "HTTP_AUTHORIZATION": "Bearer é"}, 404),
    ],
)
def test_only_this_machine_and_who_has_the_token_may_ask(said: dict[str, str], status: int, settings: Any) -> None:
    settings.METRICS_TOKEN = TOKEN
    assert Client().get("/metrics", **said).status_code == status  # type: ignore[arg-type]


def test_without_a_token_set_none_is_good(settings: Any) -> None:
    settings.METRICS_TOKEN = ""
    said = {"REMOTE_ADDR": "10.1.2.3", "HTTP_AUTHORIZATION": "Bearer "}
    assert Client().get("/metrics", **said).status_code == 404  # type: ignore[arg-type]
