"""`make bench`: measures, and prints a table, or JSON with `--json`."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Sequence

from tests.bench import machine, site, table
from tests.bench.part import QUICK, Bench, Part, Sizes
from tests.bench.parts import burst, crowd, deliveries, emr, jobs, live, probes, ring, screens
from tests.bench.rows import Row

PARTS: dict[str, Part] = {
    "screens": screens.measure,
    "crowd": crowd.measure,
    "live": live.measure,
    "burst": burst.measure,
    "jobs": jobs.measure,
    "emr": emr.measure,
    "deliveries": deliveries.measure,
    "ring": ring.measure,
    "probes": probes.measure,
}

NOT_HERE = (
    "not here: the last vendor connection after the switch, which needs real pages (tests/browser); "
    "the incident's design and the workers' time held by the vendor (make drill); what kills lose (make soak)."
)


def main(argv: Sequence[str]) -> int:
    """0; 1 when a part could not be measured and, with `--strict`, when a ratio or a count is not met."""
    words = _parser().parse_args(argv)
    forget_settings()
    load = machine.load()
    bench, rows = _measure(words.only or list(PARTS), QUICK if words.quick else Sizes())
    found = machine.describe(bench.method, load)
    if words.json:
        print(json.dumps({"machine": found, "rows": [row.as_json() for row in rows]}))
    else:
        print(table.text(found, rows))
    failed = [row.name for row in rows if row.failed]
    for line in [*(f"not met: {name}" for name in failed), *(f"not measured: {why}" for why in bench.broken)]:
        print(line, file=sys.stderr)
    return 1 if bench.broken or (words.strict and failed) else 0


def _measure(names: Sequence[str], sizes: Sizes) -> tuple[Bench, list[Row]]:
    """Every part that could be measured has its rows: what one raises is told, and costs nothing of the others."""
    began = time.monotonic()

    def say(what: str) -> None:
        print(f"bench: {time.monotonic() - began:4.0f} s  {what}", file=sys.stderr, flush=True)

    rows: list[Row] = []
    with site.opened(say) as place, place.remote("tests.bench.writer:Writer") as writer:
        emr = f"http://127.0.0.1:{place.plan.emr_port}/"
        clinics = writer.call("seed", sizes.clinics, emr, place.plan.emr_secret)
        bench = Bench(place, sizes, say, writer, clinics)
        for name in names:
            rows += _part(bench, name)
    if set(names) == set(PARTS):
        bench.method.append(NOT_HERE)
    say("done")
    return bench, rows


def _part(bench: Bench, name: str) -> list[Row]:
    try:
        bench.fresh()
        return PARTS[name](bench)
    except Exception as error:
        traceback.print_exc()
        bench.broken.append(f"{name}: {str(error).strip().rpartition(chr(10))[2] or type(error).__name__}")
        return []


def forget_settings() -> None:
    """What a person has set for their own Evenkeel is not for this one."""
    for name in list(os.environ):
        if name.startswith(("EVENKEEL_", "ABLY_", "REDIS_")) or name in ("DATABASE_URL", "PUBLIC_URL"):
            del os.environ[name]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one line of JSON in place of the table")
    parser.add_argument("--strict", action="store_true", help="fail when a ratio or a count is not met")
    parser.add_argument("--quick", action="store_true", help="tiny sizes: shows that it works, measures nothing")
    parser.add_argument("--only", action="append", choices=list(PARTS), help="this part; may be repeated")
    return parser


def end_at_sigterm() -> None:
    """Blocks end as they do for Ctrl-C: with their processes and their home."""
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))


if __name__ == "__main__":
    end_at_sigterm()
    sys.exit(main(sys.argv[1:]))
