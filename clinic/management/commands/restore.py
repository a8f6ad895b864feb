from __future__ import annotations

import getpass
import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error

from clinic import audit, audit_check, audit_triggers
from clinic.backups import archive
from clinic.backups.manifest import BadBackup

AFTER = """What to look at now:
- everybody has to log in again;
- a device or a person that was revoked since then holds again: revoke it once more;
- passwords, roles, second steps and paper codes are as they were then: a password that was changed is the old one,
  a phone that was lost and reset opens again, a code that was used does so once more. Change and reset them again;
- the vendor switch stands as it did then: evenkeel vendor status;
- messages that other systems got since then are sent again, under the same keys: they know them by these."""


class Command(BaseCommand):
    help = "Puts a backup in the place of the database. Stop Evenkeel first."
    # The database may be empty, or of another version.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--replace", action="store_true", help="also where the database holds something: it is lost"
        )

    def handle(self, *args: Any, file: Path, replace: bool, **options: Any) -> None:
        began = time.monotonic()
        try:
            found = archive.put_back(file.resolve(), replace=replace, say=self.stderr.write)
        except (BadBackup, OSError) as error:
            raise CommandError(str(error)) from None
        except Error as error:
            raise CommandError(f"The database refused it: {error}. Nothing says that it is whole.") from error
        took, rows = time.monotonic() - began, sum(found.rows.values())
        self.stdout.write(f"Restored as of {found.made_at}: {rows} rows, in {took:.1f} s.")
        self.stderr.write(AFTER)
        self.stderr.write("reading the audit")
        # Before anything is added: as it came.
        problems = _audit_problems()
        self.stderr.write(f"all of it took {time.monotonic() - began:.1f} s")
        who, what = audit.shell(getpass.getuser()), ("backup", file.name[:40])
        audit.write(audit.SYSTEM, "backup.restore", by=who, of=what, detail={"as_of": found.made_at})
        if problems:
            raise CommandError(" ".join(["It is restored, but its audit is not whole.", *problems]))


def _audit_problems() -> list[str]:
    changed = [f"Chain {one.chain}: {what}" for one in audit_check.check() for _n, what in one.problems]
    return changed + [f"The database lets it be changed: {name} is gone." for name in audit_triggers.gone()]
