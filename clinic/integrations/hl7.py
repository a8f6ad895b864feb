"""HL7 v2 over MLLP: admissions (ADT) and schedules (SIU), one message and one acknowledgement a connection."""

from __future__ import annotations

from clinic.integrations import er7, hl7_answers, hl7_messages, http, mllp
from clinic.integrations.parcel import NotDelivered, Parcel
from clinic.integrations.places import NoPlace, Place, place_of
from clinic.models import Destination, VisitEvent
from clinic.models.deliveries import Failure
from clinic.models.destinations import Trigger
from clinic.states import State

# A trigger event of HL7, and the discharge disposition (PV1-36) that goes with it, if any.
MAPPING = {
    Trigger.BOOKED: "S12",
    Trigger.REBOOKED: "S14",
    Trigger.CHECKED_IN: "A04",
    Trigger.CALLED: "",
    Trigger.STEPPED_OUT: "",
    Trigger.ROOMED: "A08",
    Trigger.UPDATED: "A08",
    Trigger.DISCHARGED: "A03",
    Trigger.LEFT: "A03 left",
    Trigger.NO_SHOW: "S26",
    Trigger.CANCELLED: "S15",
    Trigger.ENTERED_IN_ERROR: "A11",
    Trigger.REOPENED: "A13",
}
_SHOWN = {
    "S12": "SIU^S12 new appointment",
    "S13": "SIU^S13 other time",
    "S14": "SIU^S14 changed",
    "S15": "SIU^S15 cancelled",
    "S17": "SIU^S17 deleted",
    "S26": "SIU^S26 did not come",
    "A03": "ADT^A03 end of visit",
    "A03 left": "ADT^A03 end of visit, disposition left",
    "A03 07": "ADT^A03 end of visit, disposition 07",
    "A04": "ADT^A04 registered",
    "A08": "ADT^A08 updated",
    "A11": "ADT^A11 visit cancelled",
    "A13": "ADT^A13 end of visit cancelled",
    "": "Nothing",
}
_MAY_BE = {
    Trigger.BOOKED: ["S12"],
    Trigger.REBOOKED: ["S14", "S13"],
    Trigger.CHECKED_IN: ["A04"],
    Trigger.DISCHARGED: ["A03", "A08"],
    Trigger.LEFT: ["A03 left", "A03 07", "A03", "A08", "A11"],
    Trigger.NO_SHOW: ["S26", "S15"],
    Trigger.CANCELLED: ["S15", "S17"],
    Trigger.ENTERED_IN_ERROR: ["A11", "A08"],
    Trigger.REOPENED: ["A13", "A08"],
}
CHOICES = {trigger: [(code, _SHOWN[code]) for code in [*_MAY_BE.get(trigger, ["A08"]), ""]] for trigger in Trigger}


def compose(destination: Destination, event: VisitEvent, what: str, key: str) -> str:
    """The message, with `key` as its MSH-10; "" when there is nothing to say after all."""
    code, _space, disposition = _fitting(destination, event, what).partition(" ")
    return hl7_messages.text(destination, event, code, key, disposition) if code else ""


def send(parcel: Parcel) -> None:
    """Sends it, and reads the one acknowledgement. Raises NotDelivered unless that says that it was taken."""
    where, message = _address(parcel.destination), er7.to_bytes(parcel.body)
    context = http.tls(parcel.destination) if where.has_tls else None
    answer = mllp.exchange(where, message, seconds=parcel.seconds, context=context)
    hl7_answers.must_be_taken(parcel.key, parcel.body, answer)


def check(destination: Destination) -> list[str]:
    """Connects, with TLS where its address says so, and hangs up: no message is sent."""
    where = _address(destination)
    context = http.tls(destination) if where.has_tls else None
    mllp.knock(where, seconds=float(destination.seconds), context=context)
    found = [f"It takes connections at port {where.port}. No message was sent."]
    if where.has_tls:
        found.append("Its certificate is trusted, and it asks for none that we do not show.")
    return found


def _address(destination: Destination) -> Place:
    try:
        return place_of(destination.kind, destination.url)
    except NoPlace as error:
        raise NotDelivered(Failure.SETUP, f"its address cannot be used. {error}") from None


def _fitting(destination: Destination, event: VisitEvent, what: str) -> str:
    """What suits this visit: who never came was never registered, and A13 takes back an A03 alone."""
    if what.startswith("A") and event.visit.arrived_at is None:
        return "S14" if _sent(destination, Trigger.BOOKED) else ""
    if what == "A13":
        end = Trigger.DISCHARGED if event.from_state == State.DISCHARGED else Trigger.LEFT
        sent = _sent(destination, end)[:3]
        return {"A03": "A13", "A11": "A04"}.get(sent, "A08")
    return what


def _sent(destination: Destination, trigger: Trigger) -> str:
    return str(destination.mapping.get(trigger, MAPPING[trigger]))
