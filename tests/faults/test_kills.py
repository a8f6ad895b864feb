"""Each process but the database is killed once, under load; `make soak` does it a hundred times."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.soak.victims import CUT, KILLED
from tests.stack import ROOT


def test_each_process_killed_under_load_loses_nothing() -> None:
    kills = ["kills", "--kills", str(len(KILLED)), "--pace", "1", "--no-ledger"]
    # A process of its own: it starts a browser, and the tests beside it may have one, too.
    command = [sys.executable, "-m", "tests.soak", *kills]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.stdout.startswith("{"), done.stderr[-3000:]
    summary = json.loads(done.stdout)
    assert summary["problems"] == []
    assert {f"{CUT if name == 'layer' else 'kill'} {name}" for name in KILLED} <= set(summary["done"])
    assert summary["killed"] == len(KILLED) - 1
    assert summary["check_ins"] > 1 and summary["moves"] > 0
    assert done.returncode == 0


def test_15_kills_of_what_delivers_lose_nothing_and_reorder_nothing() -> None:
    strikes = ["outages", "--strikes", "15", "--strike-pace", "0.4", "--no-ledger"]
    command = [sys.executable, "-m", "tests.soak", *strikes]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.stdout.startswith("{"), done.stderr[-3000:]
    summary = json.loads(done.stdout)
    assert summary["problems"] == [], summary
    assert sum(count for what, count in summary["done"].items() if not what.startswith("fault")) == 15
    assert summary["arrived_again"] > 0, "no answer was lost: nothing was put to the test"
    assert summary["check_ins"] > 3 and summary["moves"] > 3
    assert done.returncode == 0
