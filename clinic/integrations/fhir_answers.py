"""What a FHIR server's answers mean. They may hold anything: whatever it is, it is read without an error."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from clinic.integrations import http
from clinic.integrations.http import Answer
from clinic.integrations.parcel import NotDelivered
from clinic.models.deliveries import Failure

ID = r"[A-Za-z0-9\-.]{1,64}"
LONGEST_WORDS = 200
NO_FHIR = "its answer is no FHIR: is the address the base of its FHIR service?"


def resource_of(answer: Answer) -> dict[str, Any]:
    """The resource in the answer; empty when it has none, or is something else."""
    found = answer.json()
    is_resource = isinstance(found, dict) and isinstance(found.get("resourceType"), str)
    return found if is_resource else {}


def must_be_fhir(answer: Answer) -> None:
    """Raises NotDelivered for a success that says something else than FHIR: a sign-in page, perhaps."""
    if answer.body.strip() and not resource_of(answer):
        raise NotDelivered(Failure.PROTOCOL, NO_FHIR)


def id_of(answer: Answer, kind: str) -> str:
    """The id of the resource that was created or found, from the address or the body; empty when it has none."""
    for name in ("location", "content-location"):
        found = re.findall(rf"(?:^|/){kind}/({ID})(?=/|\?|$)", answer.headers.get(name, ""))
        if found:
            return str(found[-1])
    return _own_id(resource_of(answer), kind)


def found_ids(answer: Answer, kind: str) -> list[str]:
    """The ids of the resources of this type in a bundle."""
    resources = (entry.get("resource") for entry in dicts(resource_of(answer).get("entry")))
    ids = (_own_id(resource, kind) for resource in resources if isinstance(resource, dict))
    return [found for found in ids if found]


def refusal(answer: Answer, mask: Callable[[str], str]) -> NotDelivered:
    """An answer other than 2xx as a problem. `mask` hides the patient in what the server says."""
    if answer.status == 401:
        return NotDelivered(Failure.SETUP, "it does not accept the token: set a new one in the admin")
    said = mask(outcome(answer))
    why = f"{http.answered(answer.status)}: {said}" if said else http.answered(answer.status)
    if answer.status == 403:
        # Of this resource, perhaps: another visit may pass, so the whole destination is not held back.
        return NotDelivered(Failure.ERROR, f"the token is not accepted for this. {why}")
    return NotDelivered(http.failure_of(answer.status), why, retry_after=answer.retry_after)


def outcome(answer: Answer) -> str:
    """An OperationOutcome in words, `severity: text; severity: text`; empty when the answer is none."""
    issues = dicts(resource_of(answer).get("issue"))
    text = "; ".join(words for issue in issues if (words := _issue(issue)))
    return text if len(text) <= LONGEST_WORDS else text[: LONGEST_WORDS - 1] + "…"


def dicts(value: Any) -> Iterator[dict[str, Any]]:
    """The objects in a list; none of anything else."""
    yield from (each for each in (value if isinstance(value, list) else []) if isinstance(each, dict))


def _issue(issue: dict[str, Any]) -> str:
    details = issue.get("details")
    told = details.get("text") if isinstance(details, dict) else None
    text = _text(issue.get("diagnostics")) or _text(told) or _text(issue.get("code"))
    return f"{_text(issue.get('severity')) or 'error'}: {text}" if text else ""


def _text(value: Any) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""


def _own_id(resource: dict[str, Any], kind: str) -> str:
    found = resource.get("id")
    is_ours = resource.get("resourceType") == kind and isinstance(found, str) and re.fullmatch(ID, found)
    return str(found) if is_ours else ""
