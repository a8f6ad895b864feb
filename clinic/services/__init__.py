"""The only writers of visits, devices and calls for help: kiosk, desk, admin, jobs and simulator all come here.

Each takes the clinic's topic as its lock, decides, writes the event and what is owed to other systems, raises the
version, and rings after the commit: all of it or nothing.
"""

from clinic.services.actors import Actor, AlreadyDone, Refused, short_name
from clinic.services.check_in import LARGEST_PARTY, Answers, arrive, book, check_in, check_in_together, speak
from clinic.services.help_requests import ask_for_help, take_help_request
from clinic.services.moves import call_next, call_together, move, undo

__all__ = [
    "LARGEST_PARTY",
    "Actor",
    "AlreadyDone",
    "Answers",
    "Refused",
    "arrive",
    "ask_for_help",
    "book",
    "call_next",
    "call_together",
    "check_in",
    "check_in_together",
    "move",
    "short_name",
    "speak",
    "take_help_request",
    "undo",
]
