"""A visit as FHIR R4 resources: the patient, the booking if there was one, and the stay once it has begun.

Each carries the visit's own identifier, a URN that stays the same wherever this installation moves: a server that
lost or never sent its answer is asked by it. References are logical ones, by that identifier; whoever sends a
resource adds the id that the server gave (`referring`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.utils import translation

from clinic.models import Visit
from clinic.models.visits import Reason
from clinic.states import State

Resource = dict[str, Any]

SYSTEM = "urn:ietf:rfc:3986"
# R4 asks for an end wherever there is a start, and we know of none.
USUAL_LENGTH = timedelta(minutes=15)

APPOINTMENT_STATUS = {
    State.EXPECTED: "booked",
    State.WAITING: "checked-in",
    State.CALLED: "checked-in",
    State.STEPPED_OUT: "checked-in",
    State.ROOMED: "fulfilled",
    State.DISCHARGED: "fulfilled",
    State.LEFT: "checked-in",
    State.NO_SHOW: "noshow",
    State.CANCELLED: "cancelled",
    State.ENTERED_IN_ERROR: "entered-in-error",
}
# One who has left is as the site chooses; so is one who was here and did not come when called.
ENCOUNTER_STATUS = {
    State.WAITING: "arrived",
    State.CALLED: "arrived",
    State.STEPPED_OUT: "onleave",
    State.ROOMED: "in-progress",
    State.DISCHARGED: "finished",
    State.ENTERED_IN_ERROR: "entered-in-error",
}
LOCATION_STATUS = {State.CALLED: "reserved", State.ROOMED: "active"}


def resources(visit: Visit, when_left: str) -> list[Resource]:
    """Those of the visit as it is now, in the order in which they refer to each other.

    `when_left`: the Encounter's status of one who left without being seen.
    """
    found = [patient(visit)]
    if visit.booked_for is not None:
        found.append(appointment(visit))
    if visit.arrived_at is not None:
        found.append(encounter(visit, when_left))
    return found


def patient(visit: Visit) -> Resource:
    names = [name for name in (visit.given_name, visit.family_name) if name]
    name: Resource = {"text": " ".join(names), "family": visit.family_name}
    if visit.given_name:
        name["given"] = [visit.given_name]
    resource: Resource = {
        "resourceType": "Patient",
        "identifier": [_identifier(visit)],
        "name": [name],
        "birthDate": visit.birth_date.isoformat(),
        "communication": [{"language": _language(visit.language), "preferred": True}],
    }
    if visit.phone:
        resource["telecom"] = [{"system": "phone", "value": visit.phone}]
    return resource


def appointment(visit: Visit) -> Resource:
    """For a visit that was booked."""
    assert visit.booked_for is not None
    status = APPOINTMENT_STATUS[State(visit.state)]
    if visit.state == State.NO_SHOW and visit.arrived_at is not None:
        status = APPOINTMENT_STATUS[State.LEFT]
    answer = "declined" if status == "cancelled" else "accepted"
    return {
        "resourceType": "Appointment",
        "identifier": [_identifier(visit)],
        "status": status,
        "start": _instant(visit.booked_for),
        "end": _instant(visit.booked_for + USUAL_LENGTH),
        "participant": [{"actor": _reference("Patient", visit), "status": answer}],
        **_why(visit),
    }


def encounter(visit: Visit, when_left: str) -> Resource:
    """For a visit that has arrived: nothing has begun before, and an EMR counts what has."""
    assert visit.arrived_at is not None
    period = {"start": _instant(visit.arrived_at)}
    if visit.ended_at is not None:
        period["end"] = _instant(visit.ended_at)
    resource: Resource = {
        "resourceType": "Encounter",
        "identifier": [_identifier(visit)],
        "status": ENCOUNTER_STATUS.get(State(visit.state), when_left),
        "class": {
            "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode",
            "code": "AMB",
            "display": "ambulatory",
        },
        "subject": _reference("Patient", visit),
        "period": period,
        **_why(visit),
    }
    if visit.booked_for is not None:
        resource["appointment"] = [_reference("Appointment", visit)]
    if visit.room is not None:
        status = LOCATION_STATUS.get(State(visit.state), "completed")
        resource["location"] = [{"location": {"display": visit.room.name}, "status": status}]
    return resource


def search_of(resource: Resource) -> str:
    """The search parameter that finds this resource at a server, and no other."""
    identifier = resource["identifier"][0]
    return f"identifier={identifier['system']}|{identifier['value']}"


def referring(resource: Resource, ids: Mapping[str, str]) -> Resource:
    """The same with each reference leading to the id that the server gave to that type."""
    return {name: _referring(value, ids) for name, value in resource.items()}


def _referring(value: Any, ids: Mapping[str, str]) -> Any:
    if isinstance(value, list):
        return [_referring(each, ids) for each in value]
    if not isinstance(value, dict):
        return value
    if value.get("type") in ids and "identifier" in value:
        return {"reference": f"{value['type']}/{ids[value['type']]}", **value}
    return {name: _referring(each, ids) for name, each in value.items()}


def _identifier(visit: Visit) -> Resource:
    return {"system": SYSTEM, "value": visit.public_id.urn}


def _reference(kind: str, visit: Visit) -> Resource:
    return {"type": kind, "identifier": _identifier(visit)}


def _language(code: str) -> Resource:
    return {"coding": [{"system": "urn:ietf:bcp:47", "code": code}]}


def _why(visit: Visit) -> Resource:
    """The reason in English; nothing of one who would rather tell staff."""
    if visit.reason == Reason.PRIVATE:
        return {}
    with translation.override("en"):
        return {"reasonCode": [{"text": str(Reason(visit.reason).label)}]}


def _instant(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")
