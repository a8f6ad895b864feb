"""The stand-in's FHIR server, asked by a plain client; what it says is validated by fhir.resources."""

from __future__ import annotations

import httpx
import pytest

from clinic.emr import Beside
from tests.clinic.emr.peers import PLAIN, SYSTEM, VISIT, FhirClient, encounter, named

ONCE = f"identifier={SYSTEM}|urn:uuid:{VISIT}"


def created(fhir: FhirClient, resource: dict[str, object]) -> str:
    """Creates it and returns its id."""
    answer = fhir.ask("POST", str(resource["resourceType"]), resource, if_none_exist=ONCE)
    assert answer.status_code == 201
    return str(answer.json()["id"])


def test_capability_statement_says_r4_to_anybody(records: Beside) -> None:
    answer = FhirClient(records, token="wrong").ask("GET", "metadata")
    assert (answer.status_code, answer.json()["fhirVersion"]) == (200, "4.0.1")


def test_wrong_token_is_refused_with_an_outcome(records: Beside) -> None:
    answer = FhirClient(records, token="wrong").ask("POST", "Patient", named("Patient"))
    assert answer.status_code == 401
    assert (answer.json()["resourceType"], answer.json()["issue"][0]["code"]) == ("OperationOutcome", "login")
    assert records.received()["count"] == 0


def test_created_once_by_its_identifier(records: Beside, fhir: FhirClient) -> None:
    first = fhir.ask("POST", "Patient", named("Patient"), if_none_exist=ONCE)
    again = fhir.ask("POST", "Patient", named("Patient", gender="female"), if_none_exist=ONCE)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.headers["location"] == again.headers["location"]
    assert first.headers["location"].endswith(f"/fhir/Patient/{first.json()['id']}/_history/1")
    assert [(one["type"], one["visit"]) for one in records.entries("fhir")] == [("Patient", VISIT)]


def test_several_with_the_identifier_are_a_precondition_that_failed(fhir: FhirClient) -> None:
    for _n in range(2):
        assert fhir.ask("POST", "Patient", named("Patient")).status_code == 201
    assert fhir.ask("POST", "Patient", named("Patient"), if_none_exist=ONCE).status_code == 412
    assert fhir.ask("PUT", f"Patient?{ONCE}", named("Patient")).status_code == 412


def test_replaced_by_its_id(fhir: FhirClient) -> None:
    known = created(fhir, named("Patient"))
    changed = {**named("Patient", gender="female"), "id": known}
    assert fhir.ask("PUT", f"Patient/{known}", changed).status_code == 200
    read = fhir.ask("GET", f"Patient/{known}").json()
    assert (read["gender"], read["meta"]["versionId"]) == ("female", "2")
    assert fhir.ask("PUT", "Patient/unknown", {**changed, "id": "unknown"}).status_code == 404
    assert fhir.ask("PUT", f"Patient/{known}", {**changed, "id": "other"}).status_code == 400


def test_replaced_or_created_by_its_identifier(fhir: FhirClient) -> None:
    answers = [fhir.ask("PUT", f"Patient?{ONCE}", named("Patient", gender=one)) for one in ("male", "female")]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert answers[0].json()["id"] == answers[1].json()["id"]


def test_found_by_its_identifier(fhir: FhirClient) -> None:
    known = created(fhir, named("Patient"))
    found = fhir.ask("GET", f"Patient?{ONCE}").json()
    assert (found["total"], found["entry"][0]["resource"]["id"]) == (1, known)
    assert fhir.ask("GET", "Patient?identifier=other|1").json()["total"] == 0
    assert fhir.ask("GET", "Patient?name=Bob").status_code == 400


def test_one_who_wants_no_body_gets_none(fhir: FhirClient) -> None:
    answer = fhir.ask("POST", "Patient", named("Patient"), prefer="return=minimal")
    assert (answer.status_code, answer.content) == (201, b"") and answer.headers["location"]


@pytest.mark.parametrize(
    ("resource", "status"),
    [
        (named("Encounter", status="arrived"), 422),
        (named("Encounter", status="waiting", **{"class": {"code": "AMB"}}), 422),
        (encounter("arrived", "nobody"), 422),
        (named("Appointment", status="booked", participant=[]), 422),
        (named("Observation"), 400),
        ([], 400),
    ],
)
def test_what_makes_no_sense_is_refused_with_an_outcome(
    records: Beside, fhir: FhirClient, resource: dict[str, object], status: int
) -> None:
    kind = resource["resourceType"] if isinstance(resource, dict) else "Patient"
    answer = fhir.ask("POST", str(kind) if kind != "Observation" else "Patient", resource)
    assert (answer.status_code, answer.json()["resourceType"]) == (status, "OperationOutcome")
    assert records.received()["count"] == 0


def test_statuses_of_a_visit_are_told_in_their_order(records: Beside, fhir: FhirClient) -> None:
    patient = created(fhir, named("Patient"))
    known = created(fhir, encounter("arrived", patient))
    for status in ("arrived", "in-progress", "finished"):
        fhir.ask("PUT", f"Encounter/{known}", {**encounter(status, patient), "id": known})
    assert records.received()["statuses"] == {VISIT: {"Encounter": ["arrived", "in-progress", "finished"]}}
    kinds = [(one["type"], one["times"]) for one in records.entries("fhir")]
    assert kinds == [
        ("Patient", 1),
        ("Encounter arrived", 2),
        ("Encounter in-progress", 1),
        ("Encounter finished", 1),
    ]


@pytest.mark.parametrize(("method", "path"), [("DELETE", "Patient"), ("GET", "Observation"), ("GET", "Patient/1")])
def test_what_it_does_not_do_is_said(fhir: FhirClient, method: str, path: str) -> None:
    answer = fhir.ask(method, path)
    assert answer.status_code in (404, 405) and answer.json()["resourceType"] == "OperationOutcome"


def test_other_media_are_refused(records: Beside) -> None:
    headers = {"authorization": f"Bearer {FhirClient.token}"}
    answer = httpx.post(f"{records.fhir_url}/Patient", json=named("Patient"), headers=headers, **PLAIN)
    assert answer.status_code == 415
