from __future__ import annotations

import getpass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from clinic import audit
from clinic.backups import archive
from clinic.backups.manifest import BadBackup, BadPlace


def _tell(verb: str) -> None:
    if archive.has_audit():
        audit.write(audit.SYSTEM, f"backup.{verb}", by=audit.shell(getpass.getuser()))


class Command(BaseCommand):
    help = "Writes a backup of the database to one file, while everything runs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, help="else evenkeel-TIME.backup in this directory")

    def handle(self, *args: Any, file: Path | None, **options: Any) -> None:
        target = (file or Path(f"evenkeel-{datetime.now(UTC):%Y-%m-%dT%H%M%SZ}.backup")).resolve()
        try:
            archive.must_be_free(target)
            # Before, so that the copy tells of it too.
            _tell("make")
            made = archive.make(target, self.stderr.write)
        except BadPlace as error:
            raise CommandError(str(error)) from None
        except (BadBackup, OSError) as error:
            _tell("fail")
            raise CommandError(str(error)) from None
        rows = sum(made.rows.values())
        self.stdout.write(f"{target}: {rows} rows, {target.stat().st_size / 1e6:.1f} MB")
        if archive.has_audit():
            # Only now: one that is cut off in the middle says no more.
            audit.write(
                audit.SYSTEM, "backup.finish", by=audit.shell(getpass.getuser()), of=("backup", target.name[:40])
            )
        self.stderr.write(
            "It holds patient data: keep it as you keep the database. The secret key is not in it; without that, "
            "the secrets of destinations in it cannot be opened: keep it too, elsewhere."
        )
