"""What each audience may see: the one place that decides it, each from an allow-list of its own.

The wait-room screen gets tickets, rooms and, if the clinic chose so, a first name and last initial: nothing else.
A patient's phone gets tickets, rooms and a place in line. The desk gets what a clerk needs to find and address a
person. A board holds these objects and never a model.
"""

from clinic.presenters.cards import DeskCard
from clinic.presenters.desk import DeskBoard, HelpAlarm, RoomChoice, desk_board, help_alarms
from clinic.presenters.devices import DeviceRow, device_rows, edition, screen_type
from clinic.presenters.phone import PhoneBoard, PhoneTicket, phone_board
from clinic.presenters.public import (
    KioskTicket,
    MonitorBoard,
    MonitorRow,
    PartyTickets,
    Shown,
    monitor_board,
    party_tickets,
    people_ahead,
    public_label,
    shown_on,
)

__all__ = [
    "DeskBoard",
    "DeskCard",
    "DeviceRow",
    "HelpAlarm",
    "KioskTicket",
    "MonitorBoard",
    "MonitorRow",
    "PartyTickets",
    "PhoneBoard",
    "PhoneTicket",
    "RoomChoice",
    "Shown",
    "desk_board",
    "device_rows",
    "edition",
    "help_alarms",
    "monitor_board",
    "party_tickets",
    "people_ahead",
    "phone_board",
    "public_label",
    "screen_type",
    "shown_on",
]
