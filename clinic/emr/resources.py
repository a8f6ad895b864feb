"""What this record system asks of a resource, and what it notes of one that it took."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs

from clinic.emr.records import Taken

TYPES = ("Patient", "Encounter", "Appointment")
STATUSES = {
    "Encounter": {
        *("planned", "arrived", "triaged", "in-progress", "onleave"),
        *("finished", "cancelled", "entered-in-error", "unknown"),
    },
    "Appointment": {
        *("proposed", "pending", "booked", "arrived", "checked-in"),
        *("fulfilled", "cancelled", "noshow", "waitlist", "entered-in-error"),
    },
}
Get = Callable[[str, str], dict[str, Any] | None]


def read(type_: str, body: bytes) -> dict[str, Any]:
    """The resource in a body. Raises ValueError, with a sentence, unless it is of this type."""
    try:
        resource = json.loads(body)
    except ValueError:
        raise ValueError("The body is not JSON.") from None
    if not isinstance(resource, dict) or resource.get("resourceType") != type_:
        raise ValueError(f"The body is no {type_}.")
    return resource


def check(resource: dict[str, Any], get: Get) -> str:
    """Why it is refused; "" if it is not. `get`: a stored resource by type and id."""
    type_ = resource["resourceType"]
    if type_ in STATUSES and resource.get("status") not in STATUSES[type_]:
        return f"{type_}.status is missing or unknown."
    if type_ == "Encounter" and not resource.get("class", {}).get("code"):
        return "Encounter.class is missing."
    if type_ == "Appointment" and not all(one.get("status") for one in resource.get("participant") or [{}]):
        return "Appointment.participant.status is missing."
    for reference in _references(resource):
        kind, _, id_ = reference.partition("/")
        if kind in TYPES and get(kind, id_) is None:
            return f"{reference} is not known here."
    return ""


def identifiers(resource: dict[str, Any]) -> list[str]:
    """Each as a search names it: "system|value"."""
    return [f"{one.get('system', '')}|{one.get('value', '')}" for one in resource.get("identifier", [])]


def searched(query: str) -> str:
    """The identifier that a query asks for. Raises ValueError when it asks for anything else."""
    asked = parse_qs(query)
    if list(asked) != ["identifier"] or "|" not in asked["identifier"][0]:
        raise ValueError("Search by identifier=system|value.")
    return asked["identifier"][0]


def taken(stored: dict[str, Any]) -> Taken:
    """How it is recorded. A resource changes under one identifier, so the key tells its states apart.

    Neither ids nor references are of the state: one that is created and then replaced by the same is a repeat.
    """
    type_, values = stored["resourceType"], [name.partition("|")[2] for name in identifiers(stored)]
    name = values[0].removeprefix("urn:uuid:") if values else stored["id"]
    text = json.dumps(_state(stored), ensure_ascii=False, sort_keys=True)
    key = f"{type_}/{name}#{sha256(text.encode()).hexdigest()[:12]}"
    said = " ".join(filter(None, [type_, stored.get("status", "")]))
    return Taken("fhir", type_, key, said, name, text, resource=stored)


def _state(value: Any) -> Any:
    if isinstance(value, dict):
        ours = ("id", "meta", "reference")
        return {name: _state(inner) for name, inner in value.items() if name not in ours}
    return [_state(inner) for inner in value] if isinstance(value, list) else value


def _references(value: Any) -> Iterator[str]:
    """Every literal reference, however deep."""
    if isinstance(value, dict):
        if isinstance(value.get("reference"), str):
            yield value["reference"]
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)
