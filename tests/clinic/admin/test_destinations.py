"""How a destination is set up: by kind, in two steps, with addresses and choices that are understood."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from clinic.integrations import kinds
from clinic.models import Clinic, Delivery, Destination
from clinic.models.destinations import Trigger
from tests.clinic.admin.destination_pages import add, change, look, press, shown
from tests.clinic.admin.rig import act, logged_in, page
from tests.clinic.receiver import Receiver
from tests.factories import make_destination, make_user, make_visit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("every_kind")]


def test_the_kind_is_chosen_first(manager: Client, harbor: Clinic) -> None:
    text = shown(manager.get(page("destination", "add")))
    assert re.findall(r'href="\?kind=(\w+)"', text) == ["hl7", "fhir", "webhook"]
    forms = re.findall(r'<form[^>]* action="([^"]*)"', text.split('id="content"')[1])
    assert forms == ["/login/stay/"], "no form to fill in yet, only the notice before a log-in ends"


@pytest.mark.parametrize(
    ("kind", "has", "has_not"),
    [
        ("hl7", "receiving_facility", "token"),
        ("fhir", "token", "charset"),
        ("webhook", "secret", "hl7_version"),
    ],
)
def test_each_kind_has_its_own_form(manager: Client, harbor: Clinic, kind: str, has: str, has_not: str) -> None:
    text = shown(manager.get(f"{page('destination', 'add')}?kind={kind}"))
    assert f'name="{has}"' in text
    assert f'name="{has_not}"' not in text
    assert 'name="mapping"' not in text
    add(manager, harbor, kind)
    assert (made := Destination.objects.get()).kind == kind
    assert f'name="{has}"' in look(manager, made)
    assert made.mapping == {}


def test_a_kind_stays_what_it_is(manager: Client, harbor: Clinic) -> None:
    made = make_destination(harbor, "https://emr.example/")
    change(manager, made, kind="hl7", name="Record system")
    assert (again := Destination.objects.get()).kind == "webhook"
    assert again.name == "Record system"


def test_no_page_has_script_or_style_of_its_own(manager: Client, harbor: Clinic) -> None:
    made = make_destination(harbor, "https://emr.example/")
    for url in (page("destination", "add"), page("destination", "change", made.pk)):
        text = shown(manager.get(url))
        assert not re.search(r"<script(?![^>]* src=)(?![^>]*application/json)|<style| style=| on\w+=", text)


@pytest.mark.parametrize(
    "address", ["mllp://emr.example:2575", "http://emr.example/", "https://me:pw@emr.example/"]
)
def test_an_address_that_does_not_fit_is_refused(manager: Client, harbor: Clinic, address: str) -> None:
    assert "errorlist" in add(manager, harbor, url=address)
    assert not Destination.objects.exists()


def test_choices_are_shown_and_kept_only_where_they_differ(manager: Client, harbor: Clinic) -> None:
    text = shown(manager.get(f"{page('destination', 'add')}?kind=webhook"))
    assert "As usual: Send" in text
    add(manager, harbor, sent_called="=", sent_left="=send")
    made = Destination.objects.get()
    assert made.mapping == {"called": "", "left": "send"}
    assert kinds.what_for(made, Trigger.CALLED) == ""
    assert re.search(r'name="sent_called".*?<option value="=" selected>', look(manager, made), flags=re.S)
    change(manager, made)
    assert Destination.objects.get().mapping == {}


def test_what_is_no_choice_is_refused(manager: Client, harbor: Clinic) -> None:
    assert "Select a valid choice" in add(manager, harbor, sent_called="=A99")


def test_a_change_undoes_nothing_that_the_engine_found(manager: Client, harbor: Clinic) -> None:
    made = make_destination(harbor, "https://emr.example/", is_ill=True, last_error="it answered 503")
    assert "Ill since" in look(manager, made)
    assert "it answered 503" in look(manager, made)
    change(manager, made, seconds=9, is_ill="", is_paused="on")
    again = Destination.objects.get()
    assert (again.seconds, again.is_ill, again.is_paused) == (9, True, False)


def test_pause_and_resume_say_why_and_leave_a_trace(manager: Client, harbor: Clinic) -> None:
    made = make_destination(harbor, "https://emr.example/")
    assert "Say why" in press(manager, made, "pause", reason=" ")
    assert "is paused" in press(manager, made, "pause", reason="their upgrade")
    assert "Paused: their upgrade" in look(manager, made)
    assert "paused already: their upgrade" in press(manager, made, "pause", reason="again")
    assert "goes on" in press(manager, made, "resume")
    trace = made.events.order_by("pk").values_list("verb", "user__username", "reason")
    assert list(trace) == [("pause", "mo", "their upgrade"), ("resume", "mo", "")]


def test_connection_is_tested_at_the_press_of_a_button(
    manager: Client, harbor: Clinic, receiver: Receiver
) -> None:
    made = make_destination(harbor, receiver.url)
    assert "Test connection" in look(manager, made)
    assert 'data-outcome="well"' in press(manager, made, "test")
    receiver.now.status = 500
    text = press(manager, made, "test")
    assert "Protocol: It answered 500." in text
    assert "look into its own log" in text


@pytest.mark.parametrize("button", ["test", "pause", "resume"])
def test_buttons_are_pressed_by_managers_of_the_clinic_alone(
    manager: Client, harbor: Clinic, hill: Clinic, button: str, receiver: Receiver
) -> None:
    ours, theirs = make_destination(harbor, receiver.url), make_destination(hill, receiver.url)
    said = {"reason": "because"}
    clerk = logged_in(make_user("ana", harbor, is_staff=True))
    assert manager.post(page("destination", button, theirs.pk), said).status_code == 404
    assert clerk.post(page("destination", button, ours.pk), said).status_code == 403
    assert Client().post(page("destination", button, ours.pk), said).status_code == 302
    assert manager.get(page("destination", button, ours.pk)).status_code == 405
    unsafe = Client(enforce_csrf_checks=True)
    unsafe.force_login(make_user("mia", harbor, "manager", is_staff=True))
    assert unsafe.post(page("destination", button, ours.pk), said).status_code == 403
    assert receiver.posts == []
    assert not Destination.objects.filter(is_paused=True).exists()


def test_only_one_that_was_never_owed_anything_is_deleted(manager: Client, harbor: Clinic) -> None:
    made, other = make_destination(harbor), make_destination(harbor, name="Never used")
    make_visit(harbor)
    Delivery.objects.filter(destination=other).delete()
    act(manager, "destination", "delete_selected", made, post="yes")
    act(manager, "destination", "delete_selected", other, post="yes")
    assert [one.name for one in Destination.objects.all()] == ["EMR"]


def test_list_says_how_each_stands(manager: Client, harbor: Clinic) -> None:
    make_destination(harbor, name="Sick", is_ill=True, ill_since=timezone.now(), last_error="refused")
    text: Any = shown(manager.get(page("destination", "changelist")))
    assert "Ill since" in text


def test_page_leads_to_its_messages(manager: Client, harbor: Clinic) -> None:
    made = make_destination(harbor)
    assert f'href="/ops/engine/{made.pk}/"' in look(manager, made)
