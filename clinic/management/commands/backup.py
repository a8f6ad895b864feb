from __future__ import annotations

import getpass
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error, transaction

from clinic import audit
from clinic.backups import archive
from clinic.backups.manifest import BadBackup, Manifest


class Command(BaseCommand):
    help = "Writes a backup of the database to one file, while everything runs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, help="else evenkeel-TIME.backup in this directory")

    def handle(self, *args: Any, file: Path | None, **options: Any) -> None:
        target = (file or Path(f"evenkeel-{datetime.now(UTC):%Y-%m-%dT%H%M%SZ}.backup")).resolve()
        began = time.monotonic()
        try:
            archive.must_be_free(target)
            archive.must_hold_tables()
            made = self._make(target)
        except (BadBackup, OSError) as error:
            raise CommandError(str(error)) from None
        except Error as error:
            raise CommandError(archive.why_not(error)) from None
        rows = sum(made.rows.values())
        size, took = target.stat().st_size / 1e6, time.monotonic() - began
        self.stdout.write(f"{target}: {rows} rows, {size:.1f} MB, in {took:.1f} s")
        self.stderr.write(
            "It holds patient data: keep it as you keep the database. The secret key is not in it; without that, "
            "the secrets of destinations in it cannot be opened: keep it too, elsewhere."
        )

    def _make(self, target: Path) -> Manifest:
        # Before, so that the copy tells of it too.
        tells = self._tell("make", target)
        verb = "fail"
        try:
            made = archive.make(target, self.stderr.write)
            verb = "finish"
        finally:
            # Only now: one that is killed in the middle says no more.
            if tells:
                self._tell(verb, target)
        return made

    def _tell(self, verb: str, target: Path) -> bool:
        """In the audit, if that can be written: a database that cannot be needs its copy most of all."""
        try:
            with transaction.atomic():
                archive.wait_briefly_for_locks()
                if archive.has_audit():
                    who, what = audit.shell(getpass.getuser()), ("backup", target.name[:40])
                    audit.write(audit.SYSTEM, f"backup.{verb}", by=who, of=what)
        except Error as error:
            self.stderr.write(f"The audit cannot be written to, and does not tell of this backup: {error}")
            return False
        return True
