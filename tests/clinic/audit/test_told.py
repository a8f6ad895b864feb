"""Each change is told, with who and what, and none of the patient's data."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.utils import timezone

from clinic import audit
from clinic.inbound import uploads
from clinic.models import AuditEvent, Clinic, Device, InboundMessage
from clinic.services import (
    Actor,
    Refused,
    deliveries,
    destinations,
    devices,
    help_requests,
    inbound_messages,
    pairings,
)
from realtime import breaker, redis_link, switch
from tests.clinic.audit.told import told
from tests.clinic.engine_states import given_up
from tests.clinic.inbound.lists import listed, row
from tests.factories import make_clinic, make_destination, make_device, make_visit

pytestmark = pytest.mark.django_db


def test_help_that_is_asked_for_and_taken(harbor: Clinic, ana: User) -> None:
    kiosk, _token = make_device(harbor)
    asked = help_requests.ask_for_help(harbor, kiosk)
    help_requests.ask_for_help(harbor, kiosk)
    help_requests.take_help_request(harbor, asked.pk, ana)
    help_requests.take_help_request(harbor, asked.pk, ana)
    assert told(harbor.pk, "actor", "object_id") == [
        ("help.ask", "Kiosk Entrance", str(asked.pk)),
        ("help.take", "ana", str(asked.pk)),
    ]


def test_device_that_is_paired_set_up_and_revoked(harbor: Clinic, ana: User) -> None:
    asks, _secret = pairings.offer("kiosk", "")
    with pytest.raises(Refused):
        pairings.enter(harbor, "BBBBBBBB", ana, name="Hall")
    device = pairings.enter(harbor, asks.code, ana, name="Hall")
    pairings.enter(harbor, asks.code, ana, name="Hall")
    devices.set_up(device, devices.SetUp(name="Door", volume=20), by=Actor(user=ana))
    devices.revoke(device, by=Actor(user=ana))
    it = str(device.pk)
    assert told(harbor.pk, "actor", "object_id", "detail") == [
        ("device.wrong-code", "ana", "", {}),
        ("device.pair", "ana", it, {"kind": "kiosk"}),
        ("device.set-up", "ana", it, {}),
        ("device.revoke", "ana", it, {}),
    ]


def test_list_of_bookings_by_its_numbers(harbor: Clinic, ana: User) -> None:
    at = timezone.now().astimezone(harbor.zone)
    kept = uploads.keep(harbor, ana, listed(row(at), row(at, family="", booking_id="A2")), is_day_first=False)
    good = [one.appointment for one in uploads.rows(kept) if one.appointment]
    uploads.confirm(kept, good)
    assert told(harbor.pk, "actor", "detail") == [
        ("booking.upload", "ana", {}),
        ("visit.book", "ana", {"from": "", "to": "expected"}),
        ("booking.import", "ana", {"count": 1}),
    ]


def test_destination_and_its_deliveries_without_the_reasons_that_people_type(harbor: Clinic, ana: User) -> None:
    by, hall = Actor(user=ana), make_destination(harbor)
    destinations.save(hall, by=by, fields=["url", "secret"])
    destinations.pause(hall, by=by, reason="Canaryname called")
    destinations.resume(hall, by=by)
    lost, other = given_up(harbor, hall), given_up(harbor, hall)
    deliveries.resend(lost, by=by, reason="Canaryname called", seen=lost.fence)
    deliveries.skip(other, by=by, reason="Canaryname called", seen=other.fence)
    deliveries.reveal(lost, by=by, reason="Canaryname called")
    staffs = AuditEvent.objects.filter(actor="ana").order_by("pk")
    assert list(staffs.values_list("action", "object_id")) == [
        ("destination.change", str(hall.pk)),
        ("destination.pause", str(hall.pk)),
        ("destination.resume", str(hall.pk)),
        ("delivery.resend", lost.key),
        ("delivery.skip", other.key),
        ("delivery.reveal", lost.key),
        ("visit.look", str(lost.visit.public_id)),
    ]
    assert staffs[0].detail == {"fields": "url, secret"}
    assert "anaryname" not in str(list(AuditEvent.objects.values()))


def test_destination_that_is_made_and_removed(harbor: Clinic, ana: User) -> None:
    made = make_destination(harbor)
    fresh = type(made)(clinic=harbor, name="Other", url="http://127.0.0.1:9/", kind=made.kind)
    destinations.save(fresh, by=Actor(user=ana))
    destinations.remove(fresh, by=Actor(user=ana))
    assert told(harbor.pk, "actor", "detail") == [
        ("destination.add", "ana", {"kind": made.kind}),
        ("destination.remove", "ana", {}),
    ]


def test_messages_that_were_reviewed_are_counted_by_clinic(harbor: Clinic, ana: User) -> None:
    hill = make_clinic("hill")
    for number, clinic in enumerate((harbor, harbor, hill, None)):
        InboundMessage.objects.create(clinic=clinic, digest=str(number), text="", answer="", outcome="refused")
    assert inbound_messages.mark_reviewed(InboundMessage.objects.all(), by=ana) == 4
    assert inbound_messages.mark_reviewed(InboundMessage.objects.all(), by=ana) == 0
    for chain, count in ((harbor.pk, 2), (hill.pk, 1), (audit.SYSTEM, 1)):
        assert told(chain, "actor", "detail") == [("inbound.review", "ana", {"count": count})]


def test_switch_by_a_user_from_a_shell_and_by_the_clock(ana: User, monkeypatch: pytest.MonkeyPatch) -> None:
    switch.flip("off", by="ana", user=ana.pk, reason="Canaryname called")
    switch.flip("auto", by="root", reason="well")
    row = switch.flip("off", by="root", reason="ill")
    type(row).objects.update(expires_at=row.at)
    assert switch.expire()
    found = told(audit.SYSTEM, "actor_kind", "actor_id", "actor")
    assert found == [
        ("switch.off", "user", ana.pk, "ana"),
        ("switch.auto", "shell", None, "root"),
        ("switch.off", "shell", None, "root"),
        ("switch.auto", "system", None, ""),
    ]
    assert set(AuditEvent.objects.first().detail) <= {"until"}  # type: ignore[union-attr]


def test_refused_flip_is_not_told() -> None:
    with pytest.raises(switch.SwitchRefused):
        switch.flip("off", by="ana", reason="old", expected=77)
    assert not AuditEvent.objects.exists()


def test_breaker_that_is_forced(live_redis: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "root")
    call_command("breaker", "open", "--for", "30m")
    ((action, kind, name, detail),) = told(audit.SYSTEM, "actor_kind", "actor", "detail")
    assert (action, kind, name, set(detail)) == ("breaker.open", "shell", "root", {"until"})
    assert breaker.Breaker(redis_link.client()).peek().forced == "open"


def test_a_person_is_told_as_they_were_called_then(harbor: Clinic, ana: User) -> None:
    make_device(harbor)
    devices.revoke(Device.objects.get(), by=Actor(user=ana))
    ana.username = "renamed"
    ana.save()
    assert told(harbor.pk, "actor", "actor_id") == [("device.revoke", "ana", ana.pk)]


def test_visit_of_one_who_came_along_is_looked_at(harbor: Clinic, ana: User, client: Any) -> None:
    visit = make_visit(harbor)
    client.force_login(ana)
    client.get("/desk/")
    client.get("/desk/check-in/")
    assert "visit.look" not in told(harbor.pk)
    client.get("/desk/check-in/", {"with": visit.public_id})
    assert told(harbor.pk, "actor", "object_id")[-1] == ("visit.look", "ana", str(visit.public_id))
