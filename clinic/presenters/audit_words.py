"""What the audit keeps in codes, in the words of staff. A code without words is shown as it is."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from clinic.states import State, Verb

# What begins an action, and what a person filters by.
GROUPS: dict[str, Any] = {
    "visit": _("Visits"),
    "booking": _("Lists of bookings"),
    "search": _("People asked for at a kiosk"),
    "help": _("Calls for help"),
    "device": _("Devices"),
    "destination": _("Destinations"),
    "delivery": _("Deliveries"),
    "inbound": _("Messages that came in"),
    "clinic": _("Clinic"),
    "room": _("Rooms"),
    "hours": _("Opening hours"),
    "membership": _("Members"),
    "user": _("People"),
    "group": _("Groups"),
    "login": _("Log-ins"),
    "switch": _("Vendor switch"),
    "breaker": _("Breaker"),
    "jobs": _("Job queues"),
    "backup": _("Backups"),
    "purge": _("Purges"),
    "audit": _("Audit"),
}
ACTIONS: dict[str, Any] = {
    **{f"visit.{verb}": verb.label for verb in Verb},
    "visit.look": _("Looked at"),
    "booking.upload": _("List handed in"),
    "booking.import": _("List added"),
    "search.booking": _("Booking found"),
    "search.nothing": _("No booking found"),
    "search.here": _("Here already"),
    "help.ask": _("Asked for"),
    "help.take": _("Taken"),
    "device.pair": _("Paired"),
    "device.wrong-code": _("Wrong code"),
    "device.set-up": _("Set up"),
    "device.revoke": _("Locked out"),
    "destination.pause": _("Paused"),
    "destination.resume": _("Resumed"),
    "delivery.resend": _("Sent again"),
    "delivery.skip": _("Skipped"),
    "delivery.reveal": _("Patient data looked at"),
    "inbound.review": _("Reviewed"),
    "login.in": _("Logged in"),
    "login.out": _("Logged out"),
    "login.fail": _("Failed"),
    "login.end-all": _("Logged out everywhere"),
    "login.password": _("Password changed"),
    "login.set-up": _("Second step set up"),
    "login.reset": _("Second step taken away"),
    "switch.off": _("Off"),
    "switch.auto": _("On"),
    "jobs.change": _("Changed"),
    "jobs.retry": _("Sent again"),
    "backup.make": _("Begun"),
    "backup.finish": _("Finished"),
    "backup.fail": _("Failed"),
    "backup.restore": _("Restored"),
    "audit.export": _("Exported"),
    "audit.mend": _("Damage found"),
    "audit.protect": _("Protection put back"),
}
VERBS: dict[str, Any] = {"add": _("Added"), "change": _("Changed"), "remove": _("Removed")}
DETAILS: dict[str, Any] = {
    "from": _("from"),
    "to": _("to"),
    "room": _("room"),
    "count": _("how many"),
    "role": _("role"),
    "user": _("person"),
    "until": _("until"),
    "as_of": _("as of"),
    "kind": _("kind"),
    "why": _("why"),
    "fields": _("fields"),
    "reverses": _("takes back"),
}
# What reads as a sentence with its value.
READ_ON = frozenset({"from", "to", "until", "as_of", "room"})


def action(code: str) -> str:
    """Such as "Visits: Call"."""
    noun, _dot, verb = code.partition(".")
    word = ACTIONS.get(code) or VERBS.get(verb, verb)
    return f"{GROUPS.get(noun, noun)}: {word}"


def detail(said: dict[str, Any]) -> str:
    """Such as "from Waiting, to Called"."""
    return ", ".join(_words(name, said[name]) for name in _in_order(said) if said[name] != "")


def _words(name: str, value: Any) -> str:
    said = State(value).label if value in State.values else value
    return f"{DETAILS.get(name, name)}{'' if name in READ_ON else ':'} {said}"


def _in_order(said: dict[str, Any]) -> list[str]:
    """PostgreSQL keeps none."""
    return [*(name for name in DETAILS if name in said), *sorted(said.keys() - DETAILS.keys())]


def plain(said: dict[str, Any]) -> str:
    """Such as "from=waiting, to=called": for machines, in no language."""
    return ", ".join(f"{name}={said[name]}" for name in _in_order(said))
