"""A whole day of one wait-room screen in a real Chromium, on a fake clock: the browser test, at length."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.soak import ledger


def run(looks: int, calls: int, seed: int) -> tuple[int, int]:
    """Looks that the screen had, and whether anything was wrong. Says how the heap went."""
    with tempfile.TemporaryDirectory(prefix="evenkeel-tv-") as folder:
        report = Path(folder) / "report.xml"
        words = ["-q", "-s", "-p", "no:cacheprovider", "-o", "junit_family=xunit1", f"--junitxml={report}"]
        command = [sys.executable, "-m", "pytest", *words, "tests/browser/test_monitor_day.py"]
        day = {"DAY_LOOKS": str(looks), "DAY_CALLS": str(calls), "DAY_SEED": str(seed)}
        done = subprocess.run(command, cwd=ledger.ROOT, env={**os.environ, **day}, stdout=sys.stderr)
        told = dict(re.findall(r'<property name="(\w+)" value="([^"]+)"', report.read_text()))
    print(told, flush=True)
    return int(told.get("looks", 0)), int(done.returncode != 0)
