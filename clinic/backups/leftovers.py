"""The folder that a backup or a restore works in: it holds the whole database, so no killed run's may stay."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# No name that anybody else would give a folder: it may lie beside what people keep.
PREFIX = ".evenkeel-"
OURS = (f"{PREFIX}backup-*", f"{PREFIX}restore-*")
LEFT_FOR_SECONDS = 24 * 3600


@contextmanager
def working_in(place: Path, verb: str) -> Iterator[Path]:
    """A folder in `place` while one backup or restore (`verb`) lasts; old ones there go first."""
    clear(place)
    with tempfile.TemporaryDirectory(dir=place, prefix=f"{PREFIX}{verb}-") as name:
        yield Path(name)


def clear(place: Path) -> int:
    """Takes the old ones out of `place`; how many. One that is another user's stays."""
    found = old(place)
    for path in found:
        shutil.rmtree(path, ignore_errors=True)
    return sum(not path.exists() for path in found)


def old(place: Path) -> list[Path]:
    """The folders in `place` of runs that were killed: into these nothing was put for a day."""
    then = time.time() - LEFT_FOR_SECONDS
    found = [path for pattern in OURS for path in place.glob(pattern)]
    return [path for path in found if path.lstat().st_mtime < then]
