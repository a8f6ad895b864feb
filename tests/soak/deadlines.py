"""Many calls to the vendor in each of its ways to hang, made and judged by a test in a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.soak import ledger

TEST = "tests/realtime/test_deadline_perils.py"


def run(calls: int) -> tuple[int, int]:
    """How many calls were made and judged, and how many tests failed."""
    with tempfile.TemporaryDirectory(prefix="evenkeel-deadlines-") as folder:
        report = Path(folder) / "report.xml"
        more = ["-o", "junit_family=xunit1", f"--junitxml={report}"]
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", TEST, *more]
        env = {**os.environ, "DEADLINE_CALLS": str(calls)}
        done = subprocess.run(command, cwd=ledger.ROOT, env=env, stdout=sys.stderr)
        text = report.read_text()
    for name, value in re.findall(r'<property name="(growth|late|worst)" value="([^"]+)"', text):
        print(f"deadlines: {name} {value}", file=sys.stderr)
    made = sum(map(int, re.findall(r'<property name="calls" value="(\d+)"', text)))
    failed = len(re.findall(r"<(?:failure|error)\b", text))
    return made, max(failed, int(done.returncode != 0))
