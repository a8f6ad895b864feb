from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from clinic.integrations import engine, jobs
from clinic.integrations.parcel import NotDelivered, Parcel
from clinic.models import Clinic, Delivery, Destination, RemoteRecord, Visit
from clinic.models.deliveries import Failure
from clinic.sealed import Secrets
from clinic.services import Actor, check_in
from clinic.states import Verb
from tests.clinic.conftest import Clock
from tests.clinic.integrations import raw_peer
from tests.clinic.integrations.checked import check
from tests.clinic.integrations.fhir_peer import CAPABLE, Fault, FhirPeer, serving
from tests.factories import answers, do, make_booking, make_destination, make_visit

pytestmark = pytest.mark.django_db


@pytest.fixture
def peer() -> Iterator[FhirPeer]:
    with serving() as peer:
        yield peer


@pytest.fixture
def emr(harbor: Clinic, peer: FhirPeer) -> Destination:
    return make_destination(harbor, peer.url, kind="fhir", secrets=Secrets())


@pytest.fixture
def visit(harbor: Clinic, emr: Destination) -> Visit:
    return check_in(harbor, answers("Zoë", phone="+13125550123"), by=Actor())


def parcel_of(row: Delivery, remote: dict[str, str] | None = None) -> Parcel:
    return Parcel(row.key, row.body, row.destination, 5.0, remote if remote is not None else {})


def sent(visit: Visit, remote: dict[str, str] | None = None) -> dict[str, str]:
    """Sends the visit's last delivery, which must be taken. What is known of the server since."""
    parcel = parcel_of(visit.deliveries.latest("pk"), remote)
    problem = engine.send(parcel)
    assert problem is None, problem
    return parcel.remote


def refused(visit: Visit, remote: dict[str, str] | None = None) -> NotDelivered:
    problem = engine.send(parcel_of(visit.deliveries.latest("pk"), remote))
    assert problem is not None
    return problem


def test_first_message_creates_and_refers_to_what_the_server_made(visit: Visit, peer: FhirPeer) -> None:
    ids = sent(visit)
    assert peer.steps == ["POST Patient", "POST Encounter"]
    assert ids == {"Patient": "101", "Encounter": "102"}
    assert peer.one("Encounter")["subject"]["reference"] == "Patient/101"
    asked = peer.asked[0].headers
    assert asked["if-none-exist"] == f"identifier=urn:ietf:rfc:3986|urn:uuid:{visit.public_id}"
    assert (asked["content-type"], asked["prefer"]) == ("application/fhir+json", "return=minimal")


@pytest.mark.parametrize("tells", ["location", "body", "nothing"])
def test_id_is_found_however_the_server_tells_it(visit: Visit, peer: FhirPeer, tells: str) -> None:
    peer.tells = tells
    assert sent(visit) == {"Patient": "101", "Encounter": "102"}


def test_later_message_replaces_under_the_known_ids(visit: Visit, peer: FhirPeer) -> None:
    ids = sent(visit)
    do(visit, Verb.CALL)
    do(visit, Verb.ROOM)
    peer.asked.clear()
    assert sent(visit, ids) == ids
    assert peer.steps == ["PUT Patient/101", "PUT Encounter/102"]
    assert peer.one("Encounter")["status"] == "in-progress"


def test_booked_visit_is_an_appointment_until_somebody_comes(
    harbor: Clinic, emr: Destination, peer: FhirPeer
) -> None:
    booking = make_booking(harbor, timezone.now())
    ids = sent(booking)
    assert peer.steps == ["POST Patient", "POST Appointment"]
    make_visit(harbor, given="Bob")
    ids = sent(booking, ids)
    assert peer.one("Encounter")["appointment"][0]["reference"] == f"Appointment/{ids['Appointment']}"
    assert peer.one("Appointment")["status"] == "checked-in"


@pytest.mark.parametrize("lost", ["POST Patient", "POST Encounter", "PUT Encounter"])
def test_lost_answer_is_repeated_without_a_second_record(visit: Visit, peer: FhirPeer, lost: str) -> None:
    ids: dict[str, str] = {"Patient": "7"} if lost.startswith("PUT") else {}
    if ids:
        ids = sent(visit)
    peer.faults[lost] = [Fault(loses=True)]
    assert refused(visit, ids).failure == Failure.NO_ANSWER
    sent(visit, ids)
    assert {kind: len(kept) for kind, kept in peer.kept.items()} == {"Patient": 1, "Encounter": 1}


def test_what_is_there_under_an_unknown_id_is_brought_up_to_date(visit: Visit, peer: FhirPeer) -> None:
    sent(visit)
    do(visit, Verb.CALL)
    peer.asked.clear()
    assert sent(visit) == {"Patient": "101", "Encounter": "102"}
    assert peer.steps == ["POST Patient", "PUT Patient/101", "POST Encounter", "PUT Encounter/102"]
    assert peer.one("Encounter")["location"][0]["status"] == "reserved"


def test_ids_that_were_learnt_are_kept_when_the_rest_fails(visit: Visit, peer: FhirPeer) -> None:
    peer.faults["POST Encounter"] = [Fault(500)]
    ids: dict[str, str] = {}
    assert refused(visit, ids).failure == Failure.ERROR
    assert ids == {"Patient": "101"}


@pytest.mark.parametrize("status", [404, 405, 410])
def test_record_that_is_gone_is_made_again(visit: Visit, peer: FhirPeer, status: int) -> None:
    ids = sent(visit)
    del peer.kept["Patient"]["101"]
    peer.faults["PUT Patient"] = [Fault(status)]
    assert sent(visit, ids) == {"Patient": "103", "Encounter": "102"}
    assert peer.one("Encounter")["subject"]["reference"] == "Patient/103"


def test_record_that_is_found_and_then_missing_ends_the_try(visit: Visit, peer: FhirPeer) -> None:
    sent(visit)
    peer.faults["PUT Patient"] = [Fault(404)]
    ids: dict[str, str] = {}
    assert refused(visit, ids).failure == Failure.ERROR
    assert ids == {}


def test_several_records_with_our_identifier_are_for_people_to_merge(visit: Visit, peer: FhirPeer) -> None:
    sent(visit)
    peer.kept["Patient"]["9"] = {**peer.one("Patient"), "id": "9"}
    problem = refused(visit)
    assert problem.failure == Failure.REJECTED
    assert "more than one Patient" in str(problem)


@pytest.mark.parametrize(
    ("status", "failure"),
    [
        (301, Failure.ERROR),
        (400, Failure.REJECTED),
        (401, Failure.SETUP),
        (403, Failure.ERROR),
        (404, Failure.ERROR),
        (409, Failure.ERROR),
        (410, Failure.GONE),
        (415, Failure.SETUP),
        (422, Failure.REJECTED),
        (429, Failure.BUSY),
        (500, Failure.ERROR),
        (502, Failure.BUSY),
        (503, Failure.BUSY),
    ],
)
def test_refusals_are_told_apart(visit: Visit, peer: FhirPeer, status: int, failure: Failure) -> None:
    peer.faults["POST Patient"] = [Fault(status, headers={"retry-after": "70", "location": peer.url})]
    problem = refused(visit)
    assert problem.failure == failure
    assert problem.retry_after == 70
    assert ("token" in str(problem)) == (status in (401, 403))
    assert peer.steps == ["POST Patient"]


def test_outcome_is_shown_in_words_without_the_patient(visit: Visit, peer: FhirPeer) -> None:
    said = "zoe MILLER, born 04/17/1985, (312) 555-0123, has no chart\x00\ud800 in unit 4"
    outcome = {
        "resourceType": "OperationOutcome",
        "issue": [
            {"severity": "error", "code": "processing", "diagnostics": said},
            {"severity": "warning", "code": "value", "details": {"text": "too new"}},
            {"severity": "information", "code": "informational"},
        ],
    }
    peer.faults["POST Patient"] = [Fault(422, json.dumps(outcome).encode())]
    assert str(refused(visit)) == (
        "it answered 422: error: *** ***, born ***, ***, has no chart in unit 4; warning: too new; "
        "information: informational"
    )


@pytest.mark.parametrize(
    "body",
    [b"<html>Sign in</html>", b'"Patient"', b"[" * 200_000, b'{"resourceType":"Bundle"' + b" " * 300_000 + b"}"],
)
def test_success_that_is_no_fhir_is_not_one(visit: Visit, peer: FhirPeer, body: bytes) -> None:
    peer.faults["POST Patient"] = [Fault(200, body)]
    problem = refused(visit)
    assert problem.failure == Failure.PROTOCOL
    assert "is no FHIR" in str(problem)


def test_token_is_shown_and_nothing_else_knows_it(emr: Destination, visit: Visit, peer: FhirPeer) -> None:
    peer.token = "s3cret"
    assert refused(visit).failure == Failure.SETUP
    emr.secrets = Secrets(token="s3cret")
    emr.save()
    sent(visit)
    emr.secrets = Secrets(token="s3cr\net é")
    emr.save()
    problem = refused(visit)
    assert (problem.failure, "s3cr" in str(problem)) == (Failure.SETUP, False)


def test_check_says_what_it_is_and_that_the_token_is_good(emr: Destination, peer: FhirPeer) -> None:
    assert check(emr) == ["It is Peer 7 and speaks FHIR 4.0.1.", "It lets us in without a token."]
    emr.secrets = Secrets(token="s3cret")
    assert check(emr)[-1] == "It accepts the token."
    assert peer.kept == {}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"rest": []}, ["It does not say that it takes Patient", "It does not say that it creates only once"]),
        ({"software": None, "rest": [7, {"resource": 5}]}, ["It is a server that does not say its name"]),
    ],
)
def test_check_warns_of_what_a_server_does_not_say(
    emr: Destination, peer: FhirPeer, change: Any, words: list[str]
) -> None:
    peer.statement = CAPABLE | change
    found = " ".join(check(emr))
    assert all(word in found for word in words)


@pytest.mark.parametrize(
    ("change", "failure", "word"),
    [
        ({"fhirVersion": "5.0.0"}, Failure.SETUP, "it speaks FHIR 5.0.0, and we speak R4"),
        ({"fhirVersion": "4.3.0"}, Failure.SETUP, "it speaks FHIR 4.3.0"),
        ({"resourceType": "Patient"}, Failure.PROTOCOL, "is no FHIR"),
    ],
)
def test_check_fails_in_plain_words(
    emr: Destination, peer: FhirPeer, change: Any, failure: Failure, word: str
) -> None:
    peer.statement = CAPABLE | change
    with pytest.raises(NotDelivered, match=word) as no:
        check(emr)
    assert no.value.failure == failure


def test_check_says_that_the_token_is_refused(emr: Destination, peer: FhirPeer) -> None:
    peer.faults["GET Patient"] = [Fault(401)]
    with pytest.raises(NotDelivered, match="does not accept the token"):
        check(emr)


def test_answer_that_drips_is_cut_at_the_deadline(visit: Visit) -> None:
    with raw_peer.peer(raw_peer.drips) as url:
        parcel = parcel_of(visit.deliveries.get())
        parcel.destination.url, parcel.seconds = url, 0.3
        began = time.monotonic()
        problem = engine.send(parcel)
        assert time.monotonic() - began < 2
    assert problem and str(problem) == "no answer within 0.3 s"


def test_ids_are_kept_with_the_delivery_and_used_for_the_next(
    harbor: Clinic, visit: Visit, emr: Destination, peer: FhirPeer, no_redis: list[Any]
) -> None:
    do(visit, Verb.CALL)
    jobs.deliver(emr.pk)
    assert RemoteRecord.objects.get().ids == {"Patient": "101", "Encounter": "102"}
    jobs.deliver(emr.pk)
    assert peer.steps[2:] == ["PUT Patient/101", "PUT Encounter/102"]
    assert {row.state for row in Delivery.objects.all()} == {"delivered"}


def test_id_that_was_learnt_before_a_lost_answer_is_kept(
    clock: Clock, visit: Visit, emr: Destination, peer: FhirPeer, no_redis: list[Any]
) -> None:
    peer.faults["POST Encounter"] = [Fault(loses=True)]
    jobs.deliver(emr.pk)
    assert RemoteRecord.objects.get().ids == {"Patient": "101"}
    clock.add(hours=1)
    jobs.deliver(emr.pk)
    assert RemoteRecord.objects.get().ids == {"Patient": "101", "Encounter": "102"}
    assert peer.steps[2:] == ["PUT Patient/101", "POST Encounter", "PUT Encounter/102"]
