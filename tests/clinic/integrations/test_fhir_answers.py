from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from clinic.integrations import fhir_answers
from clinic.integrations.http import Answer
from clinic.integrations.parcel import NotDelivered
from clinic.models.deliveries import Failure

WORDS = ("resourceType", "issue", "severity", "diagnostics", "details", "text", "code", "entry", "resource", "id")
KEYS = some.one_of(some.sampled_from(WORDS), some.text(max_size=5))
LEAVES = some.one_of(
    some.none(), some.booleans(), some.integers(), some.text(), some.sampled_from(["OperationOutcome", "Patient"])
)
VALUES = some.recursive(
    LEAVES, lambda inner: some.lists(inner, max_size=4) | some.dictionaries(KEYS, inner, max_size=6), max_leaves=12
)


def answer(body: Any, status: int = 400, **headers: str) -> Answer:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, httpx.Headers(named), text, 0.0)


def read(found: Answer) -> None:
    """Everything that is ever read of an answer: at most NotDelivered comes of it."""
    problem = fhir_answers.refusal(found, str)
    assert "\n" not in str(problem) and len(str(problem)) < 300
    str(problem).encode()
    assert isinstance(fhir_answers.id_of(found, "Patient"), str)
    assert all(isinstance(known, str) for known in fhir_answers.found_ids(found, "Patient"))
    try:
        fhir_answers.must_be_fhir(found)
    except NotDelivered as problem:
        assert problem.failure == Failure.PROTOCOL


@settings(max_examples=50, deadline=None)
@given(VALUES, some.sampled_from([200, 201, 301, 401, 403, 404, 422, 500]))
def test_any_json_is_read_without_an_error(body: Any, status: int) -> None:
    read(answer(body, status))
    read(answer({"resourceType": "OperationOutcome", "issue": body}, status))
    read(answer({"resourceType": "Bundle", "entry": [{"resource": body}, body]}, status))


@settings(max_examples=50, deadline=None)
@given(some.binary(max_size=200), some.text(some.characters(min_codepoint=32, max_codepoint=126)))
def test_any_bytes_and_any_address_are_read_without_an_error(body: bytes, location: str) -> None:
    read(answer(body, location=location))


@pytest.mark.parametrize(
    ("location", "known"),
    [
        ("https://emr.example/fhir/Patient/123", "123"),
        ("https://emr.example/fhir/Patient/123/_history/1", "123"),
        ("Patient/a-b.c", "a-b.c"),
        ("/Patient/1/Patient/2?x=y", "2"),
        ("https://emr.example/fhir/Encounter/123", ""),
        ("https://emr.example/OldPatient/5", ""),
        ("https://emr.example/Patient/" + "x" * 65, ""),
        ("https://emr.example/Patient/../admin", ""),
        ("", ""),
    ],
)
def test_id_is_read_from_the_address(location: str, known: str) -> None:
    assert fhir_answers.id_of(answer(b"", 201, location=location), "Patient") == known
    assert fhir_answers.id_of(answer(b"", 201, content_location=location), "Patient") == known


@pytest.mark.parametrize(
    ("body", "known"),
    [
        ({"resourceType": "Patient", "id": "7"}, "7"),
        ({"resourceType": "Encounter", "id": "7"}, ""),
        ({"resourceType": "Patient", "id": 7}, ""),
        ({"resourceType": "Patient", "id": "../7"}, ""),
    ],
)
def test_id_is_read_from_the_body_else(body: Any, known: str) -> None:
    assert fhir_answers.id_of(answer(body, 201), "Patient") == known


def test_long_outcome_is_cut() -> None:
    issues = [{"severity": "error", "diagnostics": f"line {n} " + "x" * 30} for n in range(50)]
    said = fhir_answers.outcome(answer({"resourceType": "OperationOutcome", "issue": issues}), str)
    assert said.startswith("error: line 0 x") and said.endswith("…")
    assert len(said) == fhir_answers.LONGEST_WORDS


def test_name_at_the_cut_is_hidden_whole() -> None:
    text = "x" * (fhir_answers.LONGEST_WORDS - 12) + " Miller"
    body = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "diagnostics": text}]}
    assert "M" not in fhir_answers.outcome(answer(body), lambda said: said.replace("Miller", "***"))
