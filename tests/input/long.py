"""One process of `python -m tests.input`: SEED FIRST COUNT, in the home and database of its environment."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from functools import partial
from pathlib import Path

import django

from tests import environment

os.environ["DJANGO_SETTINGS_MODULE"] = "clinic.settings"
django.setup()

from django.core.management import call_command  # noqa: E402  (Django must be set up before models are imported)

from tests.input.cases import make  # noqa: E402
from tests.input.engine import Result, Run, running  # noqa: E402
from tests.own_valkey import OwnValkey  # noqa: E402

# A world grows old: the kiosk's sessions end, and pages say other times.
A_WORLD = 2500
TELL_EVERY = 500


def main(seed: int, first: int, count: int, *, show: bool) -> int:
    call_command("migrate", verbosity=0)
    valkey = OwnValkey(Path(environment.HOME))
    valkey.start()
    total: Counter[str] = Counter()
    try:
        for start in range(first, first + count, A_WORLD):
            numbers = range(start, min(start + A_WORLD, first + count))
            with running(valkey.url) as run:
                if show:
                    _show(run, seed, first)
                total += _counted(run.send(seed, numbers, partial(_tell, start)), seed)
    finally:
        valkey.kill()
    print(json.dumps(total))
    return int(total["failures"] > 0)


def _counted(result: Result, seed: int) -> Counter[str]:
    for number, case, wrong in result.failures:
        print(f"{'; '.join(wrong)}\n  {case}\n  again: --seed {seed} --only {number}", file=sys.stderr, flush=True)
    counts = {"count": result.count, "stored": result.stored, "failures": len(result.failures)}
    return Counter({**counts, **result.statuses})


def _tell(start: int, result: Result) -> None:
    if result.count % TELL_EVERY == 0:
        at = start + result.count
        print(f"bad input: {at}, {len(result.failures)} failures in this world", file=sys.stderr, flush=True)


def _show(run: Run, seed: int, number: int) -> None:
    case = make(run.site, seed, number)
    answer, wrong, written = run.judge(case)
    lines = [case, case.request, answer.status, answer.headers, answer.text[:3000], answer.error]
    print(*lines, f"written: {sorted(written)}", f"wrong: {wrong}", sep="\n", file=sys.stderr)


if __name__ == "__main__":
    seed, first, count = map(int, sys.argv[1:4])
    sys.exit(main(seed, first, count, show="show" in sys.argv[4:]))
