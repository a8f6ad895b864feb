"""Bad requests in any number, outside of pytest: `python -m tests.input --count 200000 --seed 7`.

Each process has a home and a database of its own. Progress goes to standard error; standard output carries one
line of JSON. Exits with 1 when anything failed; `--seed SEED --only NUMBER` sends one request again and shows it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.__main__ import _database

ROOT = Path(__file__).resolve().parents[2]


def main(argv: list[str]) -> int:
    words = _parser().parse_args(argv)
    began = time.monotonic()
    if words.only is not None:
        parts = _run(words, [(words.only, 1)])
    else:
        parts = _run(words, _ranges(words.count, words.jobs))
    total = _sum(parts)
    seconds = round(time.monotonic() - began)
    print(json.dumps({"seed": words.seed, "database": words.database, "seconds": seconds, **total}))
    return int(total["failures"] > 0 or total["count"] != (words.count if words.only is None else 1))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.input", description=__doc__)
    parser.add_argument("--count", type=int, default=20_000, help="how many requests")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, help="the number of one request, to be shown")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes at a time")
    return parser


def _ranges(count: int, jobs: int) -> list[tuple[int, int]]:
    """First number and how many, for each process."""
    sizes = [count // jobs + (place < count % jobs) for place in range(jobs)]
    return [(sum(sizes[:place]), size) for place, size in enumerate(sizes) if size]


def _run(words: argparse.Namespace, ranges: list[tuple[int, int]]) -> list[dict[str, Any]]:
    """What each process says in the end; nothing of one that broke."""
    with ExitStack() as stack:
        started = []
        for place, (first, count) in enumerate(ranges):
            home = stack.enter_context(
                tempfile.TemporaryDirectory(prefix="evenkeel-input-", ignore_cleanup_errors=True)
            )
            command = [sys.executable, "-m", "tests.input.long", str(words.seed), str(first), str(count)]
            command += ["show"] if words.only is not None else []
            env = _env(home, _database(f"input{place}") if words.database == "postgresql" else "")
            started.append(subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True))
        said = [process.communicate()[0] for process in started]
    return [json.loads(text.splitlines()[-1]) for text in said if text]


def _env(home: str, database_url: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    return {**kept, "EVENKEEL_HOME": home, **({"DATABASE_URL": database_url} if database_url else {})}


def _sum(parts: list[dict[str, Any]]) -> dict[str, Any]:
    total: Counter[str] = Counter()
    for part in parts:
        total.update(part)
    return {"count": total["count"], "failures": total["failures"], **dict(sorted(total.items()))}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
