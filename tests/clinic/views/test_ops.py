from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.contrib.auth.models import User
from django.db import OperationalError
from django.test import Client
from django.utils import timezone
from rq.registry import FailedJobRegistry

from clinic.health.away import absence
from clinic.models import Delivery, Membership
from clinic.models.audit import AuditEvent
from clinic.services import devices
from realtime import heartbeats, switch
from realtime.breaker import Breaker
from realtime.models import Switch, SwitchEvent
from tests.clinic.test_presenters_ops import fail
from tests.clinic.views.ops_pages import with_vendor
from tests.factories import make_clinic, make_destination, make_device, make_user, make_visit
from tests.realtime.breaker_rig import calls, lapse

pytestmark = pytest.mark.django_db


@pytest.fixture
def olu(settings: Any) -> Client:
    return with_vendor(settings)


def page(client: Client) -> str:
    return str(client.get("/ops/").content.decode())


def sentence(client: Client) -> str:
    found = re.search(r"<h1[^>]*data-sentence>([^<]*)</h1>", page(client))
    assert found is not None
    return found[1]


def flip(client: Client, action: str, **said: str) -> Any:
    return client.post("/ops/vendor/", {"action": action, **said}, follow=True)


def test_healthy_system_says_all_good_and_nothing_else(olu: Client, live_redis: Any) -> None:
    assert sentence(olu) == "All good"


def test_redis_away_is_said_first(olu: Client) -> None:
    assert sentence(olu).startswith("Redis does not answer")
    assert "depths are not known" in page(olu)
    assert "Redis is away: each process obeys within 2 seconds" in page(olu)


def test_late_destination_is_said(olu: Client, live_redis: Any) -> None:
    clinic = make_clinic()
    make_destination(clinic, name="Record system")
    make_visit(clinic)
    Delivery.objects.update(created_at=timezone.now() - timedelta(minutes=5))
    assert sentence(olu) == "Record system at Harbor behind by 5 min: 1 message waits, none lost"
    assert '<td class="words is-alarm" data-label="State">Behind by 5 min</td>' in page(olu)


def test_stop_and_start_from_the_page(olu: Client, live_redis: Any) -> None:
    flip(olu, "stop", reason="the vendor hangs", length="1h", seen=str(Switch.objects.get().version))
    row = Switch.objects.get()
    assert row.is_off() and row.actor == "olu" and row.expires_at == row.at + timedelta(hours=1)
    assert sentence(olu).startswith("Vendor off since") and "by olu" in sentence(olu)
    shown = page(olu)
    assert 'data-switch="off"' in shown and "the vendor hangs" in shown and "Gate: shut by switch" in shown
    flip(olu, "start", reason="it is well again", seen=str(row.version))
    assert sentence(olu) == "All good"
    assert SwitchEvent.objects.count() == page(olu).count("<td>olu</td>") == 2


def test_how_many_processes_obey_is_beside_the_switch(olu: Client, live_redis: Any) -> None:
    assert "No process that could use the vendor runs" in page(olu)
    heartbeats.tell("web", [], obeys=0)
    assert "Obeyed by 1 of 1 process" in page(olu)
    flip(olu, "stop", reason="the vendor hangs")
    assert "Obeyed by 0 of 1 process; not yet: web, pid " in page(olu)


@pytest.mark.parametrize(
    ("length", "hours"), [("30m", 0.5), ("1h", 1), ("4h", 4), ("nonsense", 4), ("ever", None)]
)
def test_length_of_a_stop(olu: Client, length: str, hours: float | None) -> None:
    flip(olu, "stop", reason="drill", length=length)
    row = Switch.objects.get()
    assert row.expires_at == (row.at + timedelta(hours=hours) if hours else None)


def test_four_hours_are_chosen(olu: Client) -> None:
    assert re.findall(r'value="(\w+)" checked', page(olu)) == ["4h"]


def test_empty_reason_is_refused_with_a_sentence(olu: Client) -> None:
    response = flip(olu, "stop", reason="   ")
    assert "Say why, in a few words: the next person on call will read it." in response.content.decode()
    assert not Switch.objects.get().is_off() and not SwitchEvent.objects.exists()


def test_flip_of_another_version_than_seen_is_refused(olu: Client) -> None:
    seen = str(Switch.objects.get().version)
    switch.flip("off", by="ada", reason="first")
    response = flip(olu, "start", reason="second", seen=seen)
    assert "ada changed the switch meanwhile (first)" in response.content.decode()
    assert Switch.objects.get().is_off()


def test_form_carries_the_version_that_was_seen(olu: Client) -> None:
    switch.flip("off", by="ada", reason="first")
    assert f'name="seen" value="{Switch.objects.get().version}"' in page(olu)


def test_no_patient_data_on_the_page(olu: Client, live_redis: Any) -> None:
    clinic = make_clinic()
    make_destination(clinic)
    visit = make_visit(clinic, "Plantedgiven", "Plantedfamily")
    shown = page(olu)
    assert "Planted" not in shown and f">{visit.ticket}<" not in shown and str(visit.public_id) not in shown


def test_clerks_get_404_and_strangers_the_log_in() -> None:
    clerk = Client()
    clerk.force_login(make_user("ana", make_clinic()))
    assert clerk.get("/ops/").status_code == flip(clerk, "stop", reason="no").status_code == 404
    assert not Switch.objects.get().is_off()
    assert Client().get("/ops/")["Location"] == "/login/?next=/ops/"


def test_board_is_given_alone_and_once(olu: Client, live_redis: Any) -> None:
    first = olu.get("/ops/board/", HTTP_X_PART="1")
    assert b"data-sentence" in first.content and b"<main" not in first.content
    again = olu.get("/ops/board/", HTTP_IF_NONE_MATCH=first["ETag"])
    assert (again.status_code, again.content, again["X-Build"]) == (304, b"", first["X-Build"])
    assert f'data-etag="{first["ETag"].replace(chr(34), "&quot;")}"' in page(olu)
    switch.flip("off", by="ada", reason="drill")
    assert olu.get("/ops/board/", HTTP_IF_NONE_MATCH=first["ETag"]).status_code == 200


def test_status_is_the_same_for_machines(olu: Client, live_redis: Any) -> None:
    found = olu.get("/ops/status.json").json()
    assert (found["sentence"], found["alarm"], found["truths"]) == ("All good", False, [])
    assert found["vendor"]["gate"]["open"] is True


def test_refused_stop_keeps_what_was_typed(olu: Client) -> None:
    seen = str(Switch.objects.get().version)
    switch.flip("auto", by="ada", reason="first")
    response = flip(olu, "stop", reason="my own words", length="1h", seen=seen)
    shown = response.content.decode()
    assert response.status_code == 422 and "<dialog" in shown and 'data-address="/ops/"' in shown
    assert 'value="my own words"' in shown and re.findall(r'value="(\w+)" checked', shown) == ["1h"]


def test_time_that_is_left_and_who_decides_are_on_the_page(olu: Client, live_redis: Any) -> None:
    flip(olu, "stop", reason="drill", length="1h")
    found, row = page(olu), Switch.objects.get()
    assert row.expires_at and f'data-until="{int(row.expires_at.timestamp() * 1000)}"' in found
    assert 'class="stops decides"><strong>Switch</strong> stops' in found
    assert "<strong>Configuration</strong> lets through" in found


def test_failed_jobs_are_put_back_from_the_page(olu: Client, live_redis: Any) -> None:
    cause = fail(3)
    assert page(olu).count("Retry 3</") == 2 and "Plantedfamily" not in page(olu)
    response = olu.post("/ops/jobs/retry/", cause._asdict(), follow=True)
    assert "3 jobs run once more." in response.content.decode()
    response = olu.post("/ops/jobs/retry/", cause._asdict(), follow=True)
    assert "None of these is left" in response.content.decode()
    assert AuditEvent.objects.filter(action="jobs.retry", actor="olu", detail__count=3).count() == 1


def test_retry_without_redis_changes_nothing_and_says_so(olu: Client) -> None:
    response = olu.post("/ops/jobs/retry/", {"queue": "low", "job": "a", "error": "b"}, follow=True)
    assert "Redis does not answer. Nothing was put back." in response.content.decode()
    assert not AuditEvent.objects.exists()


def test_retry_that_redis_breaks_off_says_how_many_run_and_how_many_not(
    olu: Client, live_redis: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    cause, put_back = fail(3), FailedJobRegistry.requeue
    left = [redis.ConnectionError("gone"), None, None]

    def requeue(*words: Any) -> Any:
        if error := left.pop() if left else None:
            raise error
        return put_back(*words)

    monkeypatch.setattr(FailedJobRegistry, "requeue", requeue)
    shown = olu.post("/ops/jobs/retry/", cause._asdict(), follow=True).content.decode()
    assert "Redis stopped answering. 2 jobs run once more; 1 not, as far as is known: retry them." in shown
    assert AuditEvent.objects.get(action="jobs.retry").detail["count"] == 3, "what was begun is told of"
    assert "1 job runs once more." in olu.post("/ops/jobs/retry/", cause._asdict(), follow=True).content.decode()


def test_messages_that_were_given_up_are_sent_again_by_cause(olu: Client, live_redis: Any) -> None:
    clinic = make_clinic()
    Membership.objects.create(user=User.objects.get(username="olu"), clinic=clinic, role="ops")
    emr = make_destination(clinic)
    for _n in range(3):
        make_visit(clinic)
    first = Delivery.objects.values_list("pk", flat=True)[0]
    dead = Delivery.objects.all()
    dead.update(state="dead", last_failure="unreachable", body="{}")
    dead.filter(pk=first).update(last_failure="")
    shown = page(olu)
    for address, count in ((f"{emr.pk}/resend/?cause=unreachable", 2), (f"{emr.pk}/resend/?cause=unknown", 1)):
        assert re.search(rf'href="/ops/engine/{re.escape(address)}">Send {count} again<', shown)
    asked = olu.get(f"/ops/engine/{emr.pk}/resend/?cause=unreachable").content.decode()
    assert "2 given up: Cannot be reached." in asked and 'name="cause" value="unreachable"' in asked
    said = {"cause": "unreachable", "reason": "their network is back", "latest": "0"}
    assert olu.post(f"/ops/engine/{emr.pk}/resend/", said).status_code == 302
    assert list(dead.filter(state="dead").values_list("pk", flat=True)) == [first]
    assert "Nothing to send again" in olu.get(f"/ops/engine/{emr.pk}/resend/?cause=nonsense").content.decode()


def test_queue_that_there_is_not_holds_nothing_to_retry(olu: Client, live_redis: Any) -> None:
    for said in ({}, {"queue": "no\0such", "job": "a", "error": "b"}, {"queue": "x" * 5000}):
        assert olu.post("/ops/jobs/retry/", said).status_code in (302, 400)


@pytest.mark.parametrize("asked_first", ["clinic.access.is_ops", "clinic.services.second_step.is_missing"])
def test_without_the_database_everybody_is_told_that_and_no_more(
    monkeypatch: pytest.MonkeyPatch, asked_first: str
) -> None:
    def away(*words: object) -> None:
        raise OperationalError("connection to server at 10.0.0.7 failed: Plantedfamily")

    client, stranger = Client(), Client()
    client.force_login(make_user("olu", make_clinic("depot"), "ops"))
    monkeypatch.setattr(asked_first, away)
    whole, part = client.get("/ops/"), client.get("/ops/board/")
    for response in (whole, part):
        assert response.status_code == 503 and response["X-Build"]
        assert re.search(
            r"data-sentence>The database does not answer since [^<]*\d\d:\d\d UTC:", response.content.decode()
        )
        assert b"docs/ops/database.md" in response.content and b"Planted" not in response.content
        assert b"<strong>What helps:</strong> See whether it runs" in response.content
    assert b"<main" in whole.content and b"<main" not in part.content
    assert client.get("/ops/status.json").json()["sentence"].startswith("The database does not answer since ")
    assert stranger.get("/ops/")["Location"] == "/login/?next=/ops/"
    monkeypatch.undo()
    assert client.get("/ops/").status_code == 200 and absence.since is None


def test_every_address_of_the_page_is_hidden_from_a_clerk() -> None:
    clerk = Client()
    clerk.force_login(make_user("ana", make_clinic()))
    assert {clerk.get(f"/ops/{path}").status_code for path in ("", "board/", "status.json")} == {404}
    assert {clerk.post(f"/ops/{path}").status_code for path in ("vendor/", "jobs/retry/")} == {404}


def test_machines_learn_whether_we_are_alive_and_ready(client: Client) -> None:
    assert client.get("/healthz").json() == {"alive": True}
    assert client.get("/readyz").json()["ready"] is True


def test_page_shows_the_breaker_and_its_last_changes(olu: Client, live_redis: Any) -> None:
    guard = Breaker(live_redis)
    assert "The breaker has not had to do anything." in page(olu)
    calls(guard, lapse(live_redis), "xxxxx")
    guard.force("closed", why="olu: I know better")
    found = page(olu)
    assert 'data-breaker="open"' in found and ">open, but forced closed</span>" in found
    assert "5 of the last 5 calls failed" in found and "olu: I know better" in found


def test_devices_of_their_clinics_are_listed(olu: Client, live_redis: Any) -> None:
    harbor, inland = make_clinic(), make_clinic("inland")
    assert "None is paired in a clinic of yours" in page(olu)
    Membership.objects.create(user=User.objects.get(username="olu"), clinic=harbor, role="ops")
    device, _token = make_device(harbor, "monitor", "Hall")
    make_device(inland, "monitor", "Not for Olu")
    assert ">never</td>" in page(olu) and "Not for Olu" not in page(olu)
    devices.report(device, devices.Said("0a1b2c3d", "both", "off", 3, 90))
    row = re.search(rf'<tr data-device="{device.pk}" data-state="well">.*?</tr>', page(olu))
    assert row and all(word in row[0] for word in ("Hall, Harbor", "older: 0a1b2c3d", "both paths", "off", "10 s"))
