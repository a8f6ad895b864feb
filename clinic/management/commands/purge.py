from __future__ import annotations

import getpass
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from clinic import audit
from clinic.retention import policy, scrub

ROW = "{:<50} {:<16} {:>10}"
BUSY = "Somebody read meanwhile: what was deleted is still in the database's log. Run it once more."


class Command(BaseCommand):
    help = "Deletes what is older than it is kept. Without --yes it only says what that is."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--yes", action="store_true", help="delete it")

    def handle(self, *args: Any, yes: bool, **options: Any) -> None:
        by = audit.shell(getpass.getuser())
        if yes:
            scrub.begin()
        self.stdout.write(ROW.format("what", "kept", "deleted" if yes else "older"))
        for part in policy.parts(by):
            count = policy.drop(part, by, self._step(part.name)) if yes else part.count()
            self.stdout.write(ROW.format(part.name, part.kept, "unknown" if count is None else count))
        if held := policy.held():
            self.stdout.write(f"{held} more visits stay: a message of theirs waits, or was given up.")
        if not yes:
            self.stdout.write("Nothing was deleted. To delete it: evenkeel purge --yes")
        elif not scrub.end():
            self.stderr.write(BUSY)

    def _step(self, name: str) -> policy.Step:
        """Says on standard error how far it is."""
        done = 0

        def step(count: int) -> None:
            nonlocal done
            done += count
            self.stderr.write(f"{name}: {done}")

        return step
