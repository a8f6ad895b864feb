from __future__ import annotations

import getpass
import json
import re
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from realtime import breaker, gate, obedience, switch
from realtime.models import Desired

# How long a flip waits for the processes to obey it.
SETTLE_SECONDS = 2.0
UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def length(text: str) -> timedelta | None:
    """A length such as 30m, 4h or 2d; None for "ever"."""
    if text == "ever":
        return None
    match = re.fullmatch(r"([1-9]\d{0,3})([mhd])", text)
    if match is None:
        raise CommandError(f"--for {text}: write 30m, 4h, 2d or ever.")
    return timedelta(**{UNITS[match[2]]: int(match[1])})


class Command(BaseCommand):
    help = "The vendor switch from a shell: stops or starts every vendor connection, or says how it stands."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", choices=["status", "stop", "start"])
        parser.add_argument("--reason", help='Why. Left out: "from the shell by USER".')
        parser.add_argument(
            "--for", dest="length", default="4h", help="How long a stop holds: 30m, 4h, 2d or ever."
        )
        parser.add_argument("--json", action="store_true", help="One line of JSON.")

    def handle(self, *args: Any, action: str, reason: str | None, **options: Any) -> None:
        if action != "status":
            self._flip(Desired.OFF if action == "stop" else Desired.AUTO, reason, length(options["length"]))
        state = status(SETTLE_SECONDS if action != "status" else 0)
        if state["switch"] is None and not options["json"]:
            raise CommandError(
                "The switch cannot be read: the database does not answer, or is none of Evenkeel's."
            )
        self.stdout.write(json.dumps(state) if options["json"] else sentence(state))

    def _flip(self, desired: Desired, reason: str | None, how_long: timedelta | None) -> None:
        user = getpass.getuser()
        try:
            switch.flip(
                desired,
                by=user,
                reason=f"from the shell by {user}" if reason is None else reason,
                length=how_long,
            )
        except switch.SwitchRefused as no:
            raise CommandError(str(no)) from None


def status(wait: float = 0) -> dict[str, Any]:
    """`{"switch", "reason", "actor", "at", "expires_at", "open", "decided_by", "why"}`, and who obeys it.

    That is `"obeyed"` of `"processes"`, but not `"others"`, after `wait` seconds at most; None without Redis.
    """
    row = switch.read()
    decision = gate.decide(row, breaker.look())
    obeyed = obedience.settle(row.version, wait) if row else None
    return {
        "switch": row.desired if row else None,
        "reason": row.reason if row else None,
        "actor": row.actor if row else None,
        "at": row.at.isoformat() if row else None,
        "expires_at": row.expires_at.isoformat() if row and row.expires_at else None,
        "open": decision.open,
        "decided_by": decision.by,
        "why": decision.reason,
        "obeyed": obeyed.obeyed if obeyed else None,
        "processes": obeyed.of if obeyed else None,
        "others": list(obeyed.others) if obeyed else None,
    }


def sentence(state: dict[str, Any]) -> str:
    """The same for people."""
    known = state["processes"] is not None
    obeyed = obedience.Obeyed(state["obeyed"], state["processes"], tuple(state["others"])) if known else None
    return f"{_position(state)} {obedience.sentence(obeyed)}."


def _position(state: dict[str, Any]) -> str:
    if state["open"]:
        return "The vendor is used while it is well."
    until = f" until {state['expires_at']}" if state["expires_at"] else ""
    return f"No connection to the vendor{until}: {state['why']}."
