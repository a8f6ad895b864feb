from clinic.models.audit import AuditChain, AuditEvent
from clinic.models.deliveries import Delivery, EngineEvent
from clinic.models.destinations import Destination, RemoteRecord
from clinic.models.devices import Device, DeviceReport, Pairing, WrongCode
from clinic.models.hours import OpeningHours, SpecialHours
from clinic.models.inbound import BookingUpload, InboundMessage
from clinic.models.people import HelpRequest, Membership
from clinic.models.places import Clinic, Room
from clinic.models.second_step import PaperCodes, PhoneKey
from clinic.models.sessions import StaffSession
from clinic.models.visits import Visit, VisitEvent

__all__ = [
    "AuditChain",
    "AuditEvent",
    "BookingUpload",
    "Clinic",
    "Delivery",
    "Destination",
    "Device",
    "DeviceReport",
    "EngineEvent",
    "HelpRequest",
    "InboundMessage",
    "Membership",
    "OpeningHours",
    "Pairing",
    "PaperCodes",
    "PhoneKey",
    "RemoteRecord",
    "Room",
    "SpecialHours",
    "StaffSession",
    "Visit",
    "VisitEvent",
    "WrongCode",
]
