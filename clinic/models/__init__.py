from clinic.models.deliveries import Delivery, Destination
from clinic.models.hours import OpeningHours, SpecialHours
from clinic.models.people import Device, HelpRequest, Membership
from clinic.models.places import Clinic, Room
from clinic.models.visits import Visit, VisitEvent

__all__ = [
    "Clinic",
    "Delivery",
    "Destination",
    "Device",
    "HelpRequest",
    "Membership",
    "OpeningHours",
    "Room",
    "SpecialHours",
    "Visit",
    "VisitEvent",
]
