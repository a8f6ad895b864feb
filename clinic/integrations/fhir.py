"""FHIR R4: Patient, Appointment and Encounter, each created once and then replaced, in the order of the events."""

from __future__ import annotations

import json
import uuid
from functools import partial
from typing import Any

from clinic.integrations import fhir_answers
from clinic.integrations.fhir_answers import dicts
from clinic.integrations.fhir_resources import SYSTEM, Resource, referring, resources
from clinic.integrations.fhir_server import Server, server
from clinic.integrations.masking import masked
from clinic.integrations.parcel import NotDelivered, Parcel, printable
from clinic.models import Destination, VisitEvent
from clinic.models.deliveries import Failure
from clinic.models.destinations import Trigger

SEND = "send"
# R4 calls an encounter that ended before it began cancelled.
CANCELLED, FINISHED = "cancelled", "finished"
MAPPING = {**dict.fromkeys(Trigger, SEND), Trigger.LEFT: CANCELLED}
CHOICES = {
    **{trigger: [(SEND, "Send"), ("", "Nothing")] for trigger in Trigger},
    Trigger.LEFT: [(CANCELLED, "Encounter cancelled"), (FINISHED, "Encounter finished"), ("", "Nothing")],
}
KINDS = ("Patient", "Appointment", "Encounter")
R4 = "4.0"


def compose(destination: Destination, event: VisitEvent, what: str, key: str) -> str:
    """`{"visit": its public id, "resources": [...]}`, the resources as they are to be at the server."""
    visit = event.visit
    when_left = FINISHED if what == FINISHED else CANCELLED
    content = {"visit": str(visit.public_id), "resources": resources(visit, when_left)}
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def send(parcel: Parcel) -> None:
    """Brings each resource of the body to the server. Any part of it may be repeated without harm."""
    content: list[Resource] = json.loads(parcel.body)["resources"]
    with server(parcel.destination, parcel.seconds, _mask_of(content)) as opened:
        for resource in content:
            _bring(opened, resource, parcel.remote)


def check(destination: Destination) -> list[str]:
    """Reads what the server can do, and looks for a patient that nobody has."""
    with server(destination, float(destination.seconds)) as opened:
        words = _abilities(fhir_answers.resource_of(opened.read("metadata")))
        opened.read(f"Patient?identifier={SYSTEM}|{uuid.uuid4().urn}")
    token = "It accepts the token." if destination.secrets.token else "It lets us in without a token."
    return [*words, token]


def _bring(opened: Server, resource: Resource, ids: dict[str, str]) -> None:
    """Makes the server's resource as this one, whether or not it has one. `ids`: as in Parcel.remote."""
    kind = resource["resourceType"]
    resource = referring(resource, ids)
    if kind in ids and opened.replace(resource, ids[kind]):
        return
    ids.pop(kind, None)
    ids[kind], was_there = opened.create(resource)
    if was_there and not opened.replace(resource, ids[kind]):
        del ids[kind]
        raise NotDelivered(Failure.ERROR, f"it found the {kind}, and then had none to replace")


def _mask_of(content: list[Resource]) -> Any:
    patient = next(each for each in content if each["resourceType"] == "Patient")
    names = [patient["name"][0]["text"]]
    return partial(masked, names=names, birth_date=patient["birthDate"])


def _abilities(statement: Resource) -> list[str]:
    """What a CapabilityStatement says, in words. Raises NotDelivered when that is not R4."""
    version = statement.get("fhirVersion")
    if statement.get("resourceType") != "CapabilityStatement" or not isinstance(version, str):
        raise NotDelivered(Failure.PROTOCOL, fhir_answers.NO_FHIR)
    if version != R4 and not version.startswith(f"{R4}."):
        raise NotDelivered(Failure.SETUP, f"it speaks FHIR {version[:20]}, and we speak R4 (4.0.1)")
    words = [f"It is {_software(statement)} and speaks FHIR {printable(version)[:20]}."]
    able = {each.get("type"): each.get("conditionalCreate") for each in _kinds(statement)}
    if missing := [kind for kind in KINDS if kind not in able]:
        words.append(f"It does not say that it takes {', '.join(missing)}.")
    if any(able.get(kind) is not True for kind in KINDS):
        words.append("It does not say that it creates only once: after a lost answer it may hold a record twice.")
    return words


def _kinds(statement: Resource) -> list[Resource]:
    """What it says of each type of resource."""
    return [kind for rest in dicts(statement.get("rest")) for kind in dicts(rest.get("resource"))]


def _software(statement: Resource) -> str:
    software = statement.get("software")
    parts = [software.get(name) for name in ("name", "version")] if isinstance(software, dict) else []
    text = " ".join(part for part in parts if isinstance(part, str))
    return printable(text)[:80] or "a server that does not say its name"
