"""The HL7 v2 messages about a visit: what stands in which field of which version."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.utils import translation

from clinic.integrations import er7
from clinic.integrations.er7 import Field
from clinic.models import Destination, Visit, VisitEvent
from clinic.models.visits import Reason
from clinic.states import State

Segment = tuple[str, Mapping[int, Field]]

# trigger event: the structure that MSH-9 names for it
STRUCTURES = {
    "A03": "ADT_A03",
    "A04": "ADT_A01",
    "A08": "ADT_A01",
    "A11": "ADT_A09",
    "A13": "ADT_A01",
    **dict.fromkeys(("S12", "S13", "S14", "S15", "S17", "S26"), "SIU_S12"),
}
BOOKED = "Booked"
# of SCH-25, table 0278
APPOINTMENT_STATES = {"S15": "Cancelled", "S17": "Deleted", "S26": "Noshow"}
# of RGS-2 and AIL-2, table 0206
ACTIONS = {"S12": "A", "S15": "D", "S17": "D"}
OUTPATIENT = "O"
VISIT_NUMBER = "VN"
# Ours, of the user-defined table 0445: nobody has compared the patient with a document.
NOT_VERIFIED = "UNVERIFIED"
LEGAL_NAME, NAME_AS_GIVEN = "L", "U"
OLDEST = Destination.Version.V2_3_1


def text(destination: Destination, event: VisitEvent, code: str, key: str, disposition: str = "") -> str:
    """The message of one trigger event (A04, S12, ...), complete, in the destination's version and character set.

    `disposition`: for PV1-36. Every time in it is the clinic's own, with its offset from UTC.
    """
    about = _booking if STRUCTURES[code] == "SIU_S12" else _stay
    segments = [_header(destination, event, code, key), *about(destination, event, code, disposition)]
    return er7.encode(segments, destination.charset)


def _stay(destination: Destination, event: VisitEvent, code: str, disposition: str) -> list[Segment]:
    at, visit = _when(event.at, event.visit), event.visit
    occurred: Segment = ("EVN", {1: code, 2: at, 6: at})
    return [occurred, _patient(destination, visit), _visit(destination, visit, disposition), *_reason(visit)]


def _booking(destination: Destination, event: VisitEvent, code: str, _disposition: str) -> list[Segment]:
    visit, action = event.visit, ACTIONS.get(code, "U")
    return [
        *_appointment(destination, event, code),
        _patient(destination, visit),
        _visit(destination, visit, ""),
        *_reason(visit),
        ("RGS", {1: "1", 2: action}),
        ("AIL", {1: "1", 2: action, 3: _place(destination, visit), 4: ("C", "Clinic"), 6: _booked_for(visit)}),
    ]


def _header(destination: Destination, event: VisitEvent, code: str, key: str) -> Segment:
    structure = STRUCTURES[code]
    fields: dict[int, Field] = {
        3: destination.sending_application,
        4: facility(destination),
        5: destination.receiving_application,
        6: destination.receiving_facility,
        7: _when(event.at, event.visit),
        9: (structure[:3], code, structure),
        10: key,
        11: "P",
        12: destination.hl7_version,
        18: destination.charset,
    }
    return "MSH", fields


def facility(destination: Destination) -> str:
    return destination.sending_facility or destination.clinic.slug


def _patient(destination: Destination, visit: Visit) -> Segment:
    kind = LEGAL_NAME if visit.identity_checked else NAME_AS_GIVEN
    fields: dict[int, Field] = {
        1: "1",
        3: _number(destination, visit),
        5: (visit.family_name, visit.given_name, "", "", "", "", kind),
        7: f"{visit.birth_date:%Y%m%d}",
        13: _phone(visit.phone, destination.hl7_version) if visit.phone else "",
        15: (visit.language, "", "ISO639"),
    }
    if destination.hl7_version != OLDEST and not visit.identity_checked:
        fields[32] = NOT_VERIFIED
    return "PID", fields


def _number(destination: Destination, visit: Visit) -> Field:
    """We know visits, not people: the same patient has another number next time."""
    return str(visit.public_id), "", "", destination.sending_application or facility(destination), VISIT_NUMBER


def _phone(phone: str, version: str) -> Field:
    parts = (_american(phone), "PRN", "PH")
    # Up to 2.4 the first part alone is for the number, and 2.5 has one for it as it is.
    return (*parts, *[""] * 8, phone) if version == Destination.Version.V2_5_1 else parts


def _american(phone: str) -> str:
    """As the old type of telephone numbers wants it: (999)999-9999; digits alone where it is from elsewhere."""
    digits = phone.removeprefix("+")
    is_american = phone.startswith("+1") and len(digits) == 11
    return f"({digits[1:4]}){digits[4:7]}-{digits[7:]}" if is_american else digits


def _visit(destination: Destination, visit: Visit, disposition: str) -> Segment:
    has_gone = visit.arrived_at and visit.state in (State.DISCHARGED, State.LEFT, State.NO_SHOW)
    fields: dict[int, Field] = {
        1: "1",
        2: OUTPATIENT,
        3: _place(destination, visit),
        19: _number(destination, visit),
        36: disposition,
        44: _when(visit.arrived_at, visit),
        45: _when(visit.ended_at, visit) if has_gone else "",
    }
    return "PV1", fields


def _place(destination: Destination, visit: Visit) -> Field:
    """The room once the patient is in it; one who was called is still on the way."""
    room = visit.room.name if visit.room and visit.roomed_at else ""
    return visit.clinic.slug, room, "", facility(destination)


def _reason(visit: Visit) -> list[Segment]:
    """None for one who would rather tell staff."""
    if visit.reason == Reason.PRIVATE:
        return []
    # The kiosk speaks the patient's language while this is written.
    with translation.override("en"):
        label = str(Reason(visit.reason).label)
    return [("PV2", {3: (visit.reason, label, "L")})]


def _appointment(destination: Destination, event: VisitEvent, code: str) -> list[Segment]:
    visit, start = event.visit, _booked_for(event.visit)
    number = (str(visit.public_id), destination.sending_application or facility(destination))
    fields: dict[int, Field] = {
        1: number,
        2: (visit.booking_id,) if visit.booking_id else number,
        6: (event.verb, "", "L"),
        11: ("", "", "", start),
        16: ("", visit.clinic.name),
        20: ("", destination.sending_application or "EVENKEEL"),
        25: (APPOINTMENT_STATES.get(code, BOOKED), "", "HL70278"),
    }
    schedule: list[Segment] = [("SCH", fields)]
    # SCH-11 is for the older ones among the receivers of 2.5.
    return [*schedule, ("TQ1", {1: "1", 7: start})] if destination.hl7_version.startswith("2.5") else schedule


def _booked_for(visit: Visit) -> str:
    return _when(visit.booked_for, visit)


def _when(at: datetime | None, visit: Visit) -> str:
    """A moment to the second; "" for none."""
    return f"{at.astimezone(visit.clinic.zone):%Y%m%d%H%M%S%z}" if at else ""
