from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.integrations import kinds
from clinic.models import Clinic, Delivery, Destination, Visit
from clinic.presenters import engine_message
from clinic.presenters.engine_message import Part
from clinic.services import Actor, check_in
from tests.clinic.owed import owe
from tests.factories import answers, make_destination

CANARY = "Zzyzxcanary"
VISIT = Visit(public_id=UUID(int=7))
HL7 = (
    "\r".join(
        [
            "MSH|^~\\&|EVENKEEL|HARBOR|EMR|SITE|20261125100000+0000||ADT^A04^ADT_A01|KEY00000000000000001|P|2.5.1",
            "EVN|A04|20261125100000+0000|||CANARY^Clerk",
            "PID|1|CANARY|CANARY^^^X||CANARY^Bob||19850417|||CANARY||2025550143",
            "NK1|1|CANARY",
            "PV1|1|O|Room 1^^^HARBOR||||CANARY^Doc||||||||||||VISIT^^^EVENKEEL",
            "ZZZ|CANARY",
            "CANARY|1",
        ]
    )
    .replace("CANARY", CANARY)
    .replace("VISIT", str(VISIT.public_id))
)
FHIR = {
    "resourceType": "Bundle",
    "type": "transaction",
    "entry": [
        {
            "resource": {
                "resourceType": "Patient",
                "id": CANARY,
                "name": [{"family": CANARY, "given": [CANARY]}],
                "telecom": [{"system": "phone", "value": CANARY}],
                "birthDate": "1985-04-17",
                "identifier": [{"system": CANARY, "value": CANARY}],
            }
        },
        {
            "resource": {
                "resourceType": "Encounter",
                "status": "arrived",
                "class": {"code": "AMB"},
                "subject": {"reference": CANARY, "display": CANARY},
                "identifier": [{"system": "urn:evenkeel", "value": VISIT.public_id.urn}],
                "reasonCode": [{"text": CANARY}],
                CANARY: {CANARY: CANARY},
            }
        },
    ],
}


def said(kind: str, body: str, *, reveal: bool = False) -> tuple[Part, ...]:
    return engine_message.parts(
        Delivery(destination=Destination(kind=kind), body=body, visit=VISIT), reveal=reveal
    )


def shown(parts: tuple[Part, ...]) -> dict[str, list[str | None]]:
    """Values by the name of their line."""
    found: dict[str, list[str | None]] = {}
    for line in (line for part in parts for line in part.lines):
        found.setdefault(line.name, []).append(line.value)
    return found


@pytest.mark.parametrize(
    ("kind", "body"), [("hl7", HL7), ("fhir", json.dumps(FHIR)), ("webhook", json.dumps(FHIR))]
)
def test_patient_data_is_in_no_masked_message_and_in_the_revealed_one(kind: str, body: str) -> None:
    masked, revealed = said(kind, body), said(kind, body, reveal=True)
    assert CANARY not in repr(masked) and "1985" not in repr(masked) and "2025550143" not in repr(masked)
    assert repr(revealed).count(CANARY) >= body.count(CANARY)


def test_hl7_is_one_segment_a_part_with_field_numbers() -> None:
    parts = said("hl7", HL7)
    assert [part.title for part in parts] == ["MSH", "EVN", "PID", "NK1", "PV1", "hidden", "hidden"]
    lines = shown(parts)
    assert lines["MSH-1"] == ["|"] and lines["MSH-9 type"] == ["ADT^A04^ADT_A01"]
    assert lines["MSH-10 control id"] == ["KEY00000000000000001"]
    assert lines["PV1-3 location"] == ["Room 1^^^HARBOR"]
    assert lines["PV1-19 visit"] == [f"{VISIT.public_id}^^^EVENKEEL"]
    assert lines["PID-5 name"] == lines["PID-3 patient ids"] == lines["NK1-2"] == lines["PV1-7"] == [None]


def test_fhir_shows_what_the_encounter_is_in_and_nobody() -> None:
    lines = shown(said("fhir", json.dumps(FHIR)))
    assert lines["status"] == ["arrived"] and lines["code"] == ["AMB"]
    assert lines["resourceType"] == ["Bundle", "Patient", "Encounter"]
    # The encounter's identifier is ours; the patient's is masked, and so is the phone's under the same name.
    assert lines["value"] == [None, None, VISIT.public_id.urn]
    assert lines["family"] == lines["given"] == lines["birthDate"] == [None]


@pytest.mark.django_db
def test_own_webhook_is_masked_but_for_the_visit(harbor: Clinic) -> None:
    make_destination(harbor)
    (pk,) = owe(harbor)
    delivery = Delivery.objects.select_related("destination", "visit").get(pk=pk)
    lines = shown(engine_message.parts(delivery))
    assert lines["id"] == [str(delivery.visit.public_id)] and lines["type"] == ["visit.waiting"]
    for name in ("given_name", "family_name", "birth_date", "phone", "reason", "ticket", "language"):
        assert lines[name] == [None], name


@pytest.mark.parametrize("kind", ["hl7", "fhir", "webhook"])
@pytest.mark.parametrize("body", ["", "nonsense", "[", "null", '"x"', "MSH", "\r\n", "|||", '{"a": [[1, null]]}'])
def test_whatever_it_is_it_is_masked_and_shown_on_request(kind: str, body: str) -> None:
    for line in (line for part in said(kind, body) for line in part.lines if part.title != "MSH"):
        assert line.value in (None, "")
    assert bool(said(kind, body, reveal=True)) == bool(body.strip("\r\n") or (body and kind != "hl7"))


SCALARS = (
    st.none() | st.booleans() | st.integers() | st.just(CANARY) | st.text(max_size=5).map(lambda s: CANARY + s)
)
KEYS = st.sampled_from(sorted(engine_message.SHOWN_NAMES)) | st.just(CANARY)
TREES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4))


@given(TREES)
def test_name_shows_a_value_only_at_a_place_that_was_decided(tree: Any) -> None:
    """The same names elsewhere show nothing: here all lies one level too deep, or under nothing known."""
    masked = said("fhir", json.dumps({"unforeseen": {"somewhere": tree}}))
    assert CANARY not in repr(masked)


@given(st.lists(st.sampled_from(["PID", "NK1", "NTE", "ZZZ", "", CANARY]), min_size=1), st.integers(0, 40))
def test_hl7_fields_that_nobody_decided_on_show_nothing(segments: list[str], n: int) -> None:
    body = "\r".join(f"{segment}|1{'|' * n}|{CANARY}" for segment in segments)
    assert CANARY not in repr(said("hl7", body))


@pytest.mark.django_db
@pytest.mark.parametrize("kind", kinds.SENDERS)
def test_no_canary_patient_is_in_what_our_own_senders_make(harbor: Clinic, kind: str) -> None:
    make_destination(harbor, kind=kind)
    check_in(harbor, answers(f"{CANARY}g", f"{CANARY}f", phone="202 555 0143"), by=Actor())
    delivery = Delivery.objects.select_related("destination", "visit").get()
    assert CANARY in repr(engine_message.parts(delivery, reveal=True))
    masked = repr(engine_message.parts(delivery))
    for datum in (CANARY, CANARY.upper(), "1985", "0143"):
        assert datum not in masked
    assert masked != "()"
