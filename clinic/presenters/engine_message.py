"""A message as staff see it: line by line, and without the patient's data unless somebody asked for it.

What is shown is decided here, by name and place; all else is masked. So what a sender adds later stays hidden
until somebody decides that it tells of nobody.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from clinic.models import Delivery, Destination, Visit

LONGEST_SHOWN = 200


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# --- JSON: our own webhook, and FHIR -----------------------------------------------------------------------------

# Paths without the numbers of lists; one inside a FHIR resource begins at its type.
SHOWN_PATHS = _words(
    """
    type timestamp data.clinic data.verb data.sequence
    data.visit.id data.visit.state data.visit.room data.visit.identity_checked
    data.visit.booked_for data.visit.arrived_at data.visit.called_at data.visit.roomed_at data.visit.ended_at
    Bundle.resourceType Bundle.type Bundle.entry.request.method Bundle.entry.request.url
    Patient.resourceType
    Encounter.resourceType Encounter.id Encounter.status Encounter.class.system Encounter.class.code
    Encounter.class.display Encounter.subject.type Encounter.appointment.type Encounter.identifier.system
    Encounter.period.start Encounter.period.end Encounter.statusHistory.status
    Encounter.statusHistory.period.start Encounter.statusHistory.period.end
    Encounter.location.location.display Encounter.location.status
    Appointment.resourceType Appointment.id Appointment.status Appointment.start Appointment.end
    Appointment.minutesDuration Appointment.identifier.system
    Appointment.participant.status Appointment.participant.actor.type
    """
)
# Words that may stand as names of what is masked: they tell what is there, and of nobody.
SHOWN_NAMES = _words(
    """
    visit lane ticket given_name family_name birth_date phone reason language
    name family given use text telecom system value birthDate gender address communication coding code display
    subject reference actor meta profile versionId lastUpdated extension url valueString valueCode link other
    reasonCode serviceType priority description comment contact relationship active serviceProvider
    managingOrganization resources preferred
    """
) | {name for path in SHOWN_PATHS for name in path.split(".")}

# --- HL7: segment and field --------------------------------------------------------------------------------------

SHOWN_FIELDS: dict[str, frozenset[int]] = {
    "MSH": frozenset({1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 15, 16, 17, 18, 19}),
    "EVN": frozenset({1, 2, 3, 6}),
    "PID": frozenset({1}),
    "PV1": frozenset({1, 2, 3, 36, 44, 45}),
    "SCH": frozenset({6, 9, 10, 11, 16, 20, 25}),
    "TQ1": frozenset({1, 7}),
    "AIL": frozenset({1, 2, 3, 4, 6}),
    "RGS": frozenset({1, 2}),
    "MSA": frozenset({1, 2}),
}
HIDDEN_SEGMENTS = frozenset({"PD1", "NK1", "PV2", "AIS", "AIG", "AIP", "NTE", "DG1", "ZEK"})
# Shown when they begin with an id that we gave, and masked when with another.
OUR_IDS = frozenset({("PID", 3), ("PV1", 19), ("SCH", 1), ("SCH", 2)})
FIELD_NAMES = {
    ("MSH", 7): "time", ("MSH", 9): "type", ("MSH", 10): "control id", ("MSH", 12): "version",
    ("MSH", 18): "character set", ("EVN", 2): "recorded", ("PID", 3): "patient ids", ("PID", 5): "name",
    ("PID", 7): "born", ("PID", 13): "phone", ("PID", 15): "language", ("PV1", 2): "class", ("PV1", 3): "location",
    ("PV1", 19): "visit", ("PV1", 36): "disposition", ("PV1", 44): "admitted", ("PV1", 45): "discharged",
    ("SCH", 2): "booking", ("SCH", 11): "time", ("SCH", 25): "state",
}  # fmt: skip


@dataclass(frozen=True)
class Line:
    """`value` is None when it is masked, and "" where there is none. `depth`: how far it is set in."""

    name: str
    value: str | None
    depth: int = 0


@dataclass(frozen=True)
class Part:
    """A segment, or a whole JSON document, with its lines."""

    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Shown:
    """What may be shown whatever its place: all, or the ids that we ourselves gave."""

    ours: frozenset[str]
    reveal: bool


def parts(delivery: Delivery, *, reveal: bool = False) -> tuple[Part, ...]:
    """The message in readable parts; with the patient's data only if `reveal`. Empty when it could not be made."""
    if not delivery.body:
        return ()
    shown = Shown(frozenset({delivery.key, *_ids(delivery.visit)}), reveal)
    if delivery.destination.kind == Destination.Kind.HL7:
        return tuple(_segment(text, shown) for text in re.split("[\r\n]+", delivery.body) if text)
    return _document(delivery.body, shown)


def _ids(visit: Visit) -> tuple[str, str]:
    return str(visit.public_id), visit.public_id.urn


def _document(body: str, shown: Shown) -> tuple[Part, ...]:
    try:
        found = json.loads(body)
    except ValueError:
        return (Part("", (Line("not JSON", body if shown.reveal else None),)),)
    return (Part("", tuple(_walk(found, "", "", 0, shown))),)


def _walk(found: Any, name: str, path: str, depth: int, shown: Shown) -> Iterator[Line]:
    if isinstance(found, dict):
        kind = found.get("resourceType")
        path = kind if isinstance(kind, str) else path
        below = depth + 1 if name else depth
        if name:
            yield Line(name, "", depth)
        for key, value in found.items():
            under = f"{path}.{key}" if path else key
            yield from _walk(value, key if shown.reveal or key in SHOWN_NAMES else "hidden", under, below, shown)
    elif isinstance(found, list):
        for one in found:
            yield from _walk(one, name, path, depth, shown)
    else:
        yield Line(name, _scalar(found) if _may_show(found, path, shown) else None, depth)


def _may_show(found: Any, path: str, shown: Shown) -> bool:
    is_decided = path in SHOWN_PATHS and len(str(found)) <= LONGEST_SHOWN
    return shown.reveal or is_decided or (isinstance(found, str) and found in shown.ours)


def _scalar(found: Any) -> str:
    return found if isinstance(found, str) else json.dumps(found)


def _segment(text: str, shown: Shown) -> Part:
    title, *fields = text.split("|")
    if title == "MSH":
        # The separator itself is its first field.
        fields = ["|", *fields]
    is_known = title in SHOWN_FIELDS or title in HIDDEN_SEGMENTS
    if not (is_known or shown.reveal):
        return Part("hidden", (Line("hidden", None),))
    lines = (_field(title, n, value, shown) for n, value in enumerate(fields, start=1) if value)
    return Part(title, tuple(lines))


def _field(title: str, n: int, value: str, shown: Shown) -> Line:
    named = FIELD_NAMES.get((title, n), "")
    is_decided = n in SHOWN_FIELDS.get(title, ()) and len(value) <= LONGEST_SHOWN
    is_ours = (title, n) in OUR_IDS and value.split("^")[0] in shown.ours
    return Line(f"{title}-{n} {named}".strip(), value if shown.reveal or is_decided or is_ours else None)
