"""With each law broken in turn, a test fails: so the suite holds the laws, and not only the code as it is."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.soak.broken import DoesNotApply, Patch, patches

ROOT = Path(__file__).resolve().parent.parent.parent
NOT_COPIED = shutil.ignore_patterns(".*", "__pycache__", "*.pyc", "var", "build", "*.egg-info")
# For one test, and for the start of pytest.
LONGEST_SECONDS, START_SECONDS = 120, 60


@dataclass(frozen=True)
class Row:
    """How one patch fared. `failed`: the first test that failed, or why it is not caught."""

    patch: Patch
    caught: bool
    failed: str
    seconds: float

    def line(self) -> str:
        verdict = "caught  " if self.caught else "SURVIVED"
        return f"law {self.patch.law}  {verdict} {self.seconds:5.1f} s  {self.patch.name}: {self.failed}"


def run(words: Sequence[str] = ()) -> list[Row]:
    """Breaks every law in a copy of the code, or only those whose patch's name holds one of `words`.

    Prints a line a patch. Raises AssertionError when the tests do not pass with no law broken.
    """
    chosen = [one for one in patches() if not words or any(word in one.name for word in words)]
    with tempfile.TemporaryDirectory(prefix="evenkeel-laws-") as folder:
        copy = Path(folder) / "copy"
        shutil.copytree(ROOT, copy, ignore=NOT_COPIED)
        _check_unbroken(copy, chosen)
        rows = []
        for number, patch in enumerate(chosen, 1):
            print(f"\r{number} of {len(chosen)}: {patch.name}\033[K", end="", file=sys.stderr, flush=True)
            rows.append(_try(copy, patch))
            print("\r\033[K", end="", file=sys.stderr, flush=True)
            print(rows[-1].line(), flush=True)
    return rows


def _check_unbroken(copy: Path, chosen: Sequence[Patch]) -> None:
    tests = sorted({test for patch in chosen for test in patch.fails})
    print(f"{len(tests)} tests with no law broken", file=sys.stderr, flush=True)
    try:
        done = _pytest(copy, tests)
    except subprocess.TimeoutExpired as error:
        raise AssertionError(f"with no law broken, they did not end: {error.timeout:g} s") from error
    assert done.returncode == 0, f"they must pass before a law is broken:\n{done.stdout[-3000:]}"


def _try(copy: Path, patch: Patch) -> Row:
    began = time.monotonic()
    try:
        caught, failed = _judge(copy, patch)
    except DoesNotApply as error:
        caught, failed = False, f"does not apply: {error}"
    return Row(patch, caught, failed, time.monotonic() - began)


def _judge(copy: Path, patch: Patch) -> tuple[bool, str]:
    texts = patch.applied(copy)
    kept = {file: (copy / file).read_text() for file in texts}
    try:
        for file, text in texts.items():
            (copy / file).write_text(text)
        done = _pytest(copy, patch.fails)
    except subprocess.TimeoutExpired as error:
        return False, f"no end after {error.timeout:g} s"
    finally:
        for file, text in kept.items():
            (copy / file).write_text(text)
    return _verdict(done, patch.fails)


def _verdict(done: subprocess.CompletedProcess[str], named: Sequence[str]) -> tuple[bool, str]:
    """Caught when each test named failed: an error in setting up, or at import, shows nothing about the law.

    One in taking down comes after a failure: a net that found what the law forbids.
    """
    failed = re.findall(r"^FAILED (\S+?::[^\s\[]+)(.*)$", done.stdout, flags=re.M)
    passed = [test for test in named if test not in {name for name, _more in failed}]
    if done.returncode == 1 and not _told(done, "ERROR") - _told(done, "FAILED"):
        return not passed, f"{passed[0]} passed" if passed else "".join(failed[0]).partition("::")[2][:110]
    lines = done.stdout.strip().splitlines() or [done.stderr.strip()[-200:]]
    return False, f"pytest ended with {done.returncode}: {lines[-1]}"


def _told(done: subprocess.CompletedProcess[str], word: str) -> set[str]:
    """The tests, each with its parameters, that pytest names after this word."""
    return set(re.findall(rf"^{word} (\S.*?)(?: - .*)?$", done.stdout, flags=re.M))


def _pytest(copy: Path, tests: Sequence[str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-rfE", "-p", "no:randomly", "-p", "no:cacheprovider"]
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("EVENKEEL_", "ABLY_", "REDIS_", "DJANGO_"))}
    kept.pop("DATABASE_URL", None)
    with tempfile.TemporaryDirectory(prefix="evenkeel-laws-", ignore_cleanup_errors=True) as home:
        # Byte code of a broken file could outlive it: it is told apart by seconds and size alone.
        env = {**kept, "EVENKEEL_HOME": home, "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "200"}
        return subprocess.run(
            [*command, *tests],
            cwd=copy,
            env=env,
            capture_output=True,
            text=True,
            timeout=START_SECONDS + LONGEST_SECONDS * len(tests),
        )
