"""What the long tests have run and lost, over all runs: one line of JSON a run, in a file that is kept."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections import defaultdict
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
LEDGER = ROOT / "docs" / "soak-ledger.jsonl"


@dataclass(frozen=True)
class Entry:
    """One run. `count`: kills, patches, inputs or steps; `lost`: what must be 0. `at` in ISO 8601, UTC."""

    at: str
    part: str
    seed: int
    count: int
    lost: int
    seconds: float
    commit: str
    machine: str


def entry(part: str, seed: int, count: int, lost: int, seconds: float) -> Entry:
    """A run that has ended now, of the code as it stands here."""
    at = datetime.now(UTC).isoformat(timespec="seconds")
    return Entry(at, part, seed, count, lost, round(seconds, 1), _commit(), _machine())


def append(one: Entry, ledger: Path = LEDGER) -> None:
    """Adds a line at the end."""
    with ledger.open("a") as file:
        file.write(json.dumps(asdict(one)) + "\n")


def read(ledger: Path = LEDGER) -> list[Entry]:
    """All runs so far, oldest first."""
    if not ledger.exists():
        return []
    return [Entry(**json.loads(line)) for line in ledger.read_text().splitlines() if line]


def sums(entries: list[Entry]) -> str:
    """A table, one line a part: runs, count, lost, hours."""
    by_part: dict[str, list[Entry]] = defaultdict(list)
    for one in entries:
        by_part[one.part].append(one)
    lines = [f"{'part':15} {'runs':>6} {'count':>10} {'lost':>6} {'hours':>7}"]
    for part, runs in sorted(by_part.items()):
        count, lost = sum(one.count for one in runs), sum(one.lost for one in runs)
        hours = sum(one.seconds for one in runs) / 3600
        lines.append(f"{part:15} {len(runs):6} {count:10,} {lost:6} {hours:7.2f}")
    return "\n".join(lines)


def _commit() -> str:
    """The commit that is checked out; with a + when files other than the ledger differ. Empty without git."""
    head = _git("rev-parse", "--short", "HEAD")
    return f"{head}+" if _git("status", "--porcelain", "--", ".", f":!{LEDGER.relative_to(ROOT)}") else head


def _git(*words: str) -> str:
    try:
        done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, timeout=30)
    except OSError:
        return ""
    return done.stdout.strip()


def _machine() -> str:
    """What kind of machine, not which."""
    return f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"
