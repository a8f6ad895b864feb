"""Each message of every way through a clinic is valid for an independent reader of R4, and as the table says."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.utils import timezone, translation
from fhir.resources.R4B.appointment import Appointment
from fhir.resources.R4B.encounter import Encounter
from fhir.resources.R4B.patient import Patient

from clinic.integrations import fhir, fhir_resources
from clinic.integrations.fhir_resources import APPOINTMENT_STATUS, ENCOUNTER_STATUS
from clinic.models import Clinic, Delivery, Destination, Visit
from clinic.models.destinations import Trigger
from clinic.services import Actor, check_in, undo
from clinic.states import State, Verb
from tests.factories import answers, do, make_booking, make_destination, make_visit

pytestmark = pytest.mark.django_db

MODELS: dict[str, Any] = {"Patient": Patient, "Appointment": Appointment, "Encounter": Encounter}
IDS = {"Patient": "p-1", "Appointment": "a-1", "Encounter": "e-1"}
# What a person may go through after the check-in, with the Encounter's status after each step.
WAYS = [
    [(Verb.CALL, "arrived"), (Verb.ROOM, "in-progress"), (Verb.DISCHARGE, "finished"), (Verb.UNDO, "in-progress")],
    [(Verb.CONFIRM, "arrived"), (Verb.MOVE, "arrived"), (Verb.CALL, "arrived"), (Verb.RECALL, "arrived")],
    [(Verb.STEP_OUT, "onleave"), (Verb.RETURN, "arrived"), (Verb.LEFT, "cancelled"), (Verb.UNDO, "arrived")],
    [(Verb.CALL, "arrived"), (Verb.NO_SHOW, "cancelled")],
    [(Verb.ENTER_IN_ERROR, "entered-in-error")],
]


@pytest.fixture
def emr(harbor: Clinic) -> Destination:
    return make_destination(harbor, kind="fhir")


def last(visit: Visit) -> dict[str, Any]:
    """The resources of the visit's last delivery, by type; each is valid, also with the server's ids."""
    row = visit.deliveries.latest("pk")
    content = json.loads(row.body)
    assert content["visit"] == str(visit.public_id)
    for resource in content["resources"]:
        for each in (resource, {**fhir_resources.referring(resource, IDS), "id": "x"}):
            MODELS[resource["resourceType"]].model_validate(each)
    return {resource["resourceType"]: resource for resource in content["resources"]}


def go(visit: Visit, verb: Verb) -> None:
    if verb == Verb.UNDO:
        undo(visit.clinic, visit.public_id, by=Actor())
    else:
        do(visit, verb)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("is_booked", [False, True])
def test_every_way_through_a_clinic_is_valid(
    harbor: Clinic, emr: Destination, way: list[tuple[Verb, str]], is_booked: bool
) -> None:
    if is_booked:
        make_booking(harbor, timezone.now())
    visit = make_visit(harbor, given="Bob")
    assert last(visit)["Encounter"]["status"] == "arrived"
    for verb, status in way:
        go(visit, verb)
        found = last(visit)
        assert (verb, found["Encounter"]["status"]) == (verb, status)
        assert ("Appointment" in found) == is_booked
        visit.refresh_from_db()
        if is_booked and visit.state != State.NO_SHOW:
            assert found["Appointment"]["status"] == APPOINTMENT_STATUS[State(visit.state)]


@pytest.mark.parametrize(
    ("verb", "status", "answer"),
    [
        (Verb.CANCEL, "cancelled", "declined"),
        (Verb.NO_SHOW, "noshow", "accepted"),
        (Verb.ENTER_IN_ERROR, "entered-in-error", "accepted"),
    ],
)
def test_booking_that_nobody_came_to_has_no_encounter(
    harbor: Clinic, emr: Destination, verb: Verb, status: str, answer: str
) -> None:
    visit = make_booking(harbor, timezone.now())
    assert [*last(visit)] == ["Patient", "Appointment"]
    do(visit, verb)
    found = last(visit)
    assert [*found] == ["Patient", "Appointment"]
    assert (found["Appointment"]["status"], found["Appointment"]["participant"][0]["status"]) == (status, answer)


def test_all_states_are_in_the_tables() -> None:
    assert set(APPOINTMENT_STATUS) == set(State)
    begun = set(State) - {State.EXPECTED, State.CANCELLED}
    assert set(ENCOUNTER_STATUS) | {State.LEFT, State.NO_SHOW} == begun
    assert set(fhir.MAPPING) == set(fhir.CHOICES) == set(Trigger)
    assert all(fhir.MAPPING[trigger] in dict(fhir.CHOICES[trigger]) for trigger in Trigger)


@pytest.mark.parametrize(("what", "status"), [("cancelled", "cancelled"), ("finished", "finished"), ("", None)])
def test_site_chooses_what_one_who_left_is(
    harbor: Clinic, emr: Destination, what: str, status: str | None
) -> None:
    Destination.objects.update(mapping={Trigger.LEFT: what})
    visit = make_visit(harbor)
    do(visit, Verb.LEFT)
    if status is None:
        assert Delivery.objects.count() == 1
    else:
        assert last(visit)["Encounter"]["status"] == status
        assert "end" in last(visit)["Encounter"]["period"]


def test_patient_is_said_in_full(harbor: Clinic, emr: Destination) -> None:
    visit = check_in(harbor, answers("Zoë", phone="+13125550123", language="es"), by=Actor())
    found = last(visit)["Patient"]
    identifier = {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{visit.public_id}"}
    assert found == {
        "resourceType": "Patient",
        "identifier": [identifier],
        "name": [{"text": "Zoë Miller", "family": "Miller", "given": ["Zoë"]}],
        "birthDate": "1985-04-17",
        "communication": [
            {"language": {"coding": [{"system": "urn:ietf:bcp:47", "code": "es"}]}, "preferred": True}
        ],
        "telecom": [{"system": "phone", "value": "+13125550123"}],
    }


def test_patient_with_one_name_and_no_phone_is_valid(harbor: Clinic, emr: Destination) -> None:
    visit = Visit(clinic=harbor, family_name="Suharto", birth_date=timezone.now().date())
    found = fhir_resources.patient(visit)
    Patient.model_validate(found)
    assert (found["name"], "telecom" in found) == ([{"text": "Suharto", "family": "Suharto"}], False)


@pytest.mark.parametrize(("reason", "text"), [("skin", "Skin, bite or rash"), ("private", None)])
def test_reason_is_said_in_english_unless_it_is_private(
    harbor: Clinic, emr: Destination, reason: str, text: str | None
) -> None:
    with translation.override("es"):
        visit = check_in(harbor, answers(reason=reason), by=Actor())
    assert last(visit)["Encounter"].get("reasonCode") == ([{"text": text}] if text else None)


def test_room_is_said_with_how_it_is_used(harbor: Clinic, emr: Destination) -> None:
    visit, found = make_visit(harbor), []
    for verb in (Verb.CALL, Verb.ROOM, Verb.DISCHARGE):
        do(visit, verb)
        (place,) = last(visit)["Encounter"]["location"]
        found.append((place["location"]["display"], place["status"]))
    assert found == [("Room 1", "reserved"), ("Room 1", "active"), ("Room 1", "completed")]


@pytest.mark.parametrize("verb", [Verb.LEFT, Verb.STEP_OUT, Verb.RETURN, Verb.ENTER_IN_ERROR, Verb.UNDO])
def test_room_that_was_called_to_and_never_entered_is_not_said(
    harbor: Clinic, emr: Destination, verb: Verb
) -> None:
    visit = make_visit(harbor)
    do(visit, Verb.CALL)
    go(visit, verb)
    assert "location" not in last(visit)["Encounter"]


def test_references_lead_to_the_servers_ids_once_they_are_known(harbor: Clinic, emr: Destination) -> None:
    make_booking(harbor, timezone.now())
    found = last(make_visit(harbor, given="Bob"))["Encounter"]
    assert "reference" not in json.dumps(found)
    led = fhir_resources.referring(found, {"Patient": "p-1"})
    assert led["subject"] == {"reference": "Patient/p-1", **found["subject"]}
    assert led["appointment"] == found["appointment"]
