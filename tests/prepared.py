"""What every home of a run begins with: files as `manage.py build` makes them, and a database that is migrated.

Made once a run of `python -m tests`; without it each home makes its own, as a user's does.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PLACE = "TEST_PREPARED"
FILES, DATABASE = ("assets", "static"), "evenkeel.sqlite3"


def make(home: Path) -> dict[str, str]:
    """Makes it. The environment that tells tests of it."""
    kept = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    for command in ("migrate", "build"):
        words = [sys.executable, "manage.py", command, "--verbosity", "0"]
        env = {**kept, "EVENKEEL_HOME": str(home)}
        # What it says of a failure is for whoever reads the run.
        subprocess.run(words, cwd=ROOT, env=env, check=True, stdout=subprocess.DEVNULL)
    return {PLACE: str(home)}


def copy(home: Path, *, database: bool = True) -> None:
    """Puts it into a home; nothing where this run has none."""
    if PLACE not in os.environ:
        return
    made = Path(os.environ[PLACE])
    for folder in FILES:
        # A file by the name of its content is never written again: one on the disk serves all homes.
        shutil.copytree(made / folder, home / folder, copy_function=os.link, dirs_exist_ok=True)
    if database:
        shutil.copy2(made / DATABASE, home)
