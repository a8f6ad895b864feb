"""Making a backup, and putting one back."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import Error, connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.models import BigIntegerField, Case, F, Value, When

from clinic import clock
from clinic.backups import leftovers, postgres, sqlite
from clinic.backups.manifest import BadBackup, Manifest, checksum
from clinic.models import StaffSession
from realtime.models import Topic

LIST = "manifest.json"
# For a clock that stands before what a topic has already.
AHEAD = 1_000_000
ANOTHER = (
    "EVENKEEL_HOME (SQLite) or DATABASE_URL (PostgreSQL) names the database; the services' are in "
    "/etc/evenkeel/evenkeel.env."
)
Say = Callable[[str], None]


def make(target: Path, say: Say) -> Manifest:
    """Writes a backup to `target`, mode 0600, whole or not at all; the checked-in go on meanwhile.

    Raises BadBackup, with what to do.
    """
    must_be_free(target)
    with leftovers.working_in(target.parent, "backup") as folder:
        say("copying the database")
        copy, rows = _database().dump(folder)
        made = datetime.now(UTC).isoformat(timespec="seconds")
        found = Manifest(made, connection.vendor, _applied(), rows, checksum(copy))
        found.write(folder / LIST)
        say("writing the file")
        _seal(folder, [folder / LIST, copy], target)
    return found


def must_be_free(target: Path) -> None:
    """Raises BadBackup where no backup can be written."""
    if target.exists():
        raise BadBackup(f"{target} is there already.")
    if not os.access(target.parent, os.W_OK):
        raise BadBackup(f"{target.parent} is no directory that can be written to.")


def must_hold_tables() -> None:
    """Raises BadBackup where there is nothing to back up."""
    if not _database().is_there():
        raise BadBackup(f"{_database().where()} has no tables, or is not there: nothing to back up. {ANOTHER}")


def why_not(error: Error) -> str:
    """What to say, and to do, where the database cannot be copied."""
    first = (str(error).splitlines() or [type(error).__name__])[0]
    return (
        f"{_database().where()} cannot be copied: {first}.\n"
        f"- Is it the right one? {ANOTHER}\n"
        f"- Does it only not answer? See docs/ops/database.md, and try again.\n"
        f"- Is it damaged? Stop Evenkeel and keep what there is, before anything else: copy "
        f"{_database().files()}. Then restore the last backup: docs/ops/restore.md."
    )


def put_back(source: Path, *, replace: bool, say: Say) -> Manifest:
    """Makes the database what it was: counts are compared, log-ins end, versions go ahead.

    Raises BadBackup before anything was changed, or where the counts differ.
    """
    database = _database()
    if connection.vendor == "postgresql":
        postgres.mend()
    if not replace and not database.is_empty():
        raise BadBackup(
            "The database is not empty. To put the backup in its place, and lose what it holds: --replace"
        )
    with leftovers.working_in(_beside(), "restore") as folder:
        say("checking the backup")
        found, copy = _opened(source, folder)
        say("putting the database back")
        if kept := database.load(copy):
            say(f"the database of before was damaged: it is kept as {kept}, and holds patient data")
    _compare(found)
    say("bringing it to this version of Evenkeel")
    call_command("migrate", verbosity=0)
    with transaction.atomic():
        raise_versions()
        Session.objects.all().delete()
        StaffSession.objects.all().delete()
    return found


def raise_versions() -> None:
    """To what no topic had in any life of this clinic, the ones that an earlier restore ended among them.

    A version counts changes, of which there are fewer than milliseconds: so the milliseconds since 1970 are above
    all that was, and go up from one restore to the next.
    """
    now = Value(int(clock.now().timestamp() * 1000), BigIntegerField())
    Topic.objects.update(version=Case(When(version__lt=now, then=now), default=F("version") + AHEAD))


def has_audit() -> bool:
    """Whether the database was brought to a version that keeps one."""
    return "clinic.0012_audit" in _applied()


def wait_briefly_for_locks() -> None:
    """Until this transaction ends. SQLite's locks are never waited for longer."""
    if connection.vendor == "postgresql":
        postgres.wait_briefly_for_locks()


def _database() -> Any:
    return postgres if connection.vendor == "postgresql" else sqlite


def _beside() -> Path:
    """On the disk of the database where that is a file, so that the copy can take its place at once."""
    return sqlite.target().parent if connection.vendor == "sqlite" else Path(settings.HOME)


def _seal(folder: Path, files: list[Path], target: Path) -> None:
    draft = folder / "backup.tar"
    with tarfile.open(draft, "w") as archive:
        for file in files:
            archive.add(file, file.name)
    draft.chmod(0o600)
    with draft.open("rb") as written:
        os.fsync(written.fileno())
    os.replace(draft, target)


def _opened(source: Path, folder: Path) -> tuple[Manifest, Path]:
    """The list, and the copy in `folder`, once it is what was made."""
    try:
        with tarfile.open(source) as archive:
            archive.extractall(folder, filter="data")
    except (OSError, tarfile.TarError) as error:
        raise BadBackup(f"{source} cannot be read: {error}.") from None
    found = Manifest.read(folder / LIST)
    if found.vendor != connection.vendor:
        raise BadBackup(f"This is a backup of {found.vendor}, and the database here is {connection.vendor}.")
    if unknown := sorted(set(found.migrations) - _known()):
        raise BadBackup(f"This backup is of a newer version of Evenkeel ({unknown[0]}): install that one first.")
    copy = folder / _database().COPY
    if not copy.exists() or checksum(copy) != found.sha256:
        raise BadBackup("The backup is damaged: its checksum is not the one that it was made with.")
    return found, copy


def _applied() -> list[str]:
    """The migrations that this database has had, as app.name."""
    return sorted(".".join(one) for one in MigrationLoader(connection).applied_migrations)


def _known() -> set[str]:
    """The migrations that this version of Evenkeel has."""
    return {".".join(one) for one in MigrationLoader(None).disk_migrations}


def _compare(found: Manifest) -> None:
    rows = postgres.rows() if connection.vendor == "postgresql" else sqlite.rows(sqlite.target())
    if wrong := sorted(name for name, count in found.rows.items() if rows.get(name) != count):
        raise BadBackup(f"What was restored is not what was backed up: {', '.join(wrong)}.")
