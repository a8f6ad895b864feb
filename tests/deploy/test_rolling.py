"""Behind nginx, one process at a time is restarted under load; `make soak ARGS=rolling` does so for long."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.stack import ROOT


def test_every_process_restarted_under_load_and_nobody_sees_an_error() -> None:
    # A process of its own: its load is many threads.
    command = [sys.executable, "-m", "tests.soak", "rolling", "--rounds", "1", "--no-ledger"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.stdout.startswith("{"), done.stderr[-3000:]
    summary = json.loads(done.stdout)
    print(done.stdout)
    assert summary["problems"] == []
    # Two machines with web, workers and cron; then web and workers are killed.
    assert (summary["ended"], summary["killed"]) == (6, 4)
    assert summary["check_ins"] > 10 and summary["moves"] > 3
    # Each screen lost its socket at each end of its web process, and had another.
    assert min(summary["sockets"]) > 2
    assert done.returncode == 0
