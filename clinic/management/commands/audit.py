from __future__ import annotations

import getpass
import json
import sys
import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from clinic import audit, audit_check, audit_triggers
from clinic.audit_check import Head, Walked
from clinic.models import Clinic
from clinic.models.audit import SYSTEM

SAY_EVERY = 2.0


class Command(BaseCommand):
    help = (
        "verify: reads it all; fails where a row was changed or is missing. heads: what to keep elsewhere. "
        "protect: puts back what makes the database refuse changes."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", choices=["verify", "heads", "protect"])
        parser.add_argument("--heads", type=Path, metavar="FILE", help="what `audit heads` wrote earlier")
        parser.add_argument("--json", action="store_true", help="one line of JSON")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        if action == "heads":
            for head in audit_check.heads():
                self.stdout.write(str(head))
            return
        if action == "protect":
            audit_triggers.put_back()
            audit.write(audit.SYSTEM, "audit.protect", by=audit.shell(getpass.getuser()))
            return
        progress = Progress(self.stderr.write)
        found = list(audit_check.check(_known(options["heads"]), progress.step))
        progress.end()
        gone = audit_triggers.gone()
        as_json = {**_plain(found, progress), "triggers_gone": gone}
        self.stdout.write(json.dumps(as_json) if options["json"] else _words(found, gone, progress))
        if gone or any(one.problems for one in found):
            sys.exit(1)


class Progress:
    """How many rows were read, said every other second."""

    def __init__(self, say: Any) -> None:
        self._say, self._begun = say, time.monotonic()
        self._due = self._begun + SAY_EVERY
        self.rows, self.seconds = 0, 0.0

    def step(self, rows: int) -> None:
        self.rows += rows
        now = time.monotonic()
        if now >= self._due:
            self._due = now + SAY_EVERY
            self._say(f"{self.rows} rows read")

    def end(self) -> None:
        self.seconds = time.monotonic() - self._begun

    @property
    def rate(self) -> int:
        """Rows a second."""
        return round(self.rows / self.seconds) if self.seconds else 0


def _known(path: Path | None) -> list[Head]:
    try:
        return audit_check.read_heads(path.read_text()) if path else []
    except (OSError, ValueError) as error:
        raise CommandError(f"{path} cannot be read as heads: {error}.") from None


def _plain(found: list[Walked], progress: Progress) -> dict[str, Any]:
    chains = [
        {
            "chain": one.chain,
            "rows": one.rows,
            "head": {"sequence": one.sequence, "hash": one.hash},
            "problems": [{"sequence": number, "what": what} for number, what in one.problems],
        }
        for one in found
    ]
    return {
        "whole": not any(one.problems for one in found),
        "rows": progress.rows,
        "seconds": round(progress.seconds, 3),
        "rows_a_second": progress.rate,
        "chains": chains,
    }


def _words(found: list[Walked], gone: list[str], progress: Progress) -> str:
    names = {
        SYSTEM: "of the system",
        **{pk: f"of {slug}" for pk, slug in Clinic.objects.values_list("pk", "slug")},
    }
    lines = [
        f"Chain {one.chain} ({names.get(one.chain, 'of a clinic that is gone')}): {what}"
        for one in found
        for _number, what in one.problems
    ]
    if gone:
        lines.append(f"The database lets the audit be changed: {', '.join(gone)} is gone. See docs/ops/audit.md.")
    if not lines:
        lines = ["Whole: no row of the audit was changed or taken out."]
    return "\n".join([*lines, f"{progress.rows} rows in {len(found)} chains, {progress.rate} a second."])
