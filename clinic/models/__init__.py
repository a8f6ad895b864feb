from clinic.models.deliveries import Delivery, Destination
from clinic.models.people import Device, HelpRequest, Membership
from clinic.models.places import Clinic, OpeningHours, Room
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
    "Visit",
    "VisitEvent",
]
