"""The drill's own check, with a law broken in turn: it must fail, and by the goal that hangs on this law."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.soak.broken import Patch, patches
from tests.soak.mutation import NOT_COPIED, ROOT

MISSED = {
    "3-breaker-not-asked": "Under 1 % of the workers' time",
    "4-one-worker-for-all": "EMR jobs begin as soon",
}
"""By patch, how the goal begins that is then missed."""
DRILL = ["manage.py", "drill", "outage", "--only", "incident,evenkeel", "--seconds"]


def run(seconds: float) -> dict[str, bool]:
    """Whether the drill judged rightly, by what was broken; with no law broken, it must meet its goals."""
    with tempfile.TemporaryDirectory(prefix="evenkeel-drilled-") as folder:
        copy = Path(folder) / "copy"
        shutil.copytree(ROOT, copy, ignore=NOT_COPIED)
        verdicts = {"nothing": _drill(copy, seconds).returncode == 0}
        for patch in patches():
            if patch.name in MISSED:
                with _broken(copy, patch):
                    verdicts[patch.name] = is_missed(_drill(copy, seconds), MISSED[patch.name])
                print(f"{patch.name}: {'missed' if verdicts[patch.name] else 'NOT MISSED'}", flush=True)
    return verdicts


def is_missed(done: subprocess.CompletedProcess[str], goal: str) -> bool:
    """Whether a drill failed, and by this goal."""
    said = " ".join(done.stdout.split())
    return done.returncode == 1 and bool(re.search(f"MISSED {re.escape(goal)}", said))


@contextmanager
def _broken(copy: Path, patch: Patch) -> Iterator[None]:
    texts = patch.applied(copy)
    kept = {file: (copy / file).read_text() for file in texts}
    try:
        for file, text in texts.items():
            (copy / file).write_text(text)
        yield
    finally:
        for file, text in kept.items():
            (copy / file).write_text(text)


def _drill(copy: Path, seconds: float) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("EVENKEEL_", "ABLY_", "REDIS_", "DJANGO_"))}
    with tempfile.TemporaryDirectory(prefix="evenkeel-drilled-", ignore_cleanup_errors=True) as home:
        # Byte code of a broken file could outlive it: it is told apart by seconds and size alone.
        env = {**kept, "EVENKEEL_HOME": home, "PYTHONDONTWRITEBYTECODE": "1"}
        command = [sys.executable, *DRILL, f"{seconds:g}"]
        done = subprocess.run(command, cwd=copy, env=env, stdout=subprocess.PIPE, text=True)
    print(done.stdout, file=sys.stderr, flush=True)
    return done
