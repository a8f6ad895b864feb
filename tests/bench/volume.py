"""`python -m tests.bench.volume`: a group of clinics at its busiest, and destinations that come back.

One usual set of workers, on SQLite and on PostgreSQL. Everything is on this machine: who checks in, the workers,
the database and the record systems. Standard output is one line of JSON for each database.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

import psutil

from tests.bench import machine, site
from tests.bench.__main__ import end_at_sigterm, forget_settings
from tests.bench.changes import EVENTS, OWED_BY_A_VISIT
from tests.bench.remote import Remote
from tests.bench.site import Say
from tests.bench.stats import p50, p99
from tests.own_postgres import database

DATABASES = ("SQLite", "PostgreSQL")
KINDS = ("webhook", "fhir", "hl7")
LOOK_SECONDS = 10.0


def main(argv: Sequence[str]) -> int:
    words = _parser().parse_args(argv)
    forget_settings()
    for name in words.on or DATABASES:
        with database(name == "PostgreSQL") as url:
            found = measure(words, url, _say)
        print(json.dumps({"on": name, "load": machine.load(), **found}), flush=True)
    return 0


def measure(words: argparse.Namespace, database: str, say: Say) -> dict[str, Any]:
    """Delays at the peak alone, then with destinations back: one of each kind, and one that is owed far more."""
    with ExitStack() as stack:
        place = stack.enter_context(site.opened(say, database))
        visits = stack.enter_context(place.remote("tests.bench.visits:Visits"))
        say(f"{words.clinics} clinics")
        plan = place.plan
        found: dict[str, Any] = {
            "destinations": visits.call("seed", words.clinics, plan.emr_addresses, plan.emr_secret)
        }
        say(f"a day of {words.day} visits each")
        found["delivered before"] = visits.call("remember", words.day)
        system = stack.enter_context(place.emr())
        workers = stack.enter_context(place.workers())
        stack.enter_context(place.cron())
        _peak(visits, words, 10, workers)
        say("at the peak")
        found["peak"] = _peak(visits, words, words.seconds, workers)
        say(json.dumps(found))
        for name, kinds, many in (("everyday", KINDS, words.backlog), ("hard", KINDS[:1], words.hard)):
            say(f"{name}: {', '.join(kinds)} back with {many}")
            found[name] = _return(visits, words, kinds, many, workers)
            say(json.dumps(found[name]))
        found["violations"] = len(system.received()["violations"])
    return found


def _peak(
    visits: Remote, words: argparse.Namespace, seconds: float, workers: list[psutil.Process]
) -> dict[str, Any]:
    before = [sum(one.cpu_times()[:2]) for one in workers]
    began, ended, late = visits.call("run", words.a_second * EVENTS / OWED_BY_A_VISIT, seconds)
    delays = sorted(visits.call("delays", began, ended))
    spent = [sum(one.cpu_times()[:2]) - old for one, old in zip(workers, before, strict=True)]
    return {
        "deliveries a second": round(len(delays) / (ended - began), 1),
        "delay ms": {"p50": _ms(p50(delays)), "p99": _ms(p99(delays)), "most": _ms(delays[-1])},
        "latest event ms": _ms(late),
        "workers busy": [round(one / (ended - began), 2) for one in spent],
    }


def _return(
    visits: Remote, words: argparse.Namespace, kinds: Sequence[str], many: int, workers: list[psutil.Process]
) -> dict[str, Any]:
    """The delays of all others while they drain, and how fast each drains."""
    since = time.time()
    back = {kind: visits.call("come_back", kind, many) for kind in kinds}
    runs = [_peak(visits, words, LOOK_SECONDS, workers)]
    while (
        any(visits.call("drained", pk, since)[1] for pk in back.values()) and time.time() - since < words.patience
    ):
        runs.append(_peak(visits, words, LOOK_SECONDS, workers))
    drains = {}
    for kind, pk in back.items():
        taken, left, took = visits.call("drained", pk, since)
        drains[kind] = {
            "taken": taken,
            "left": left,
            "seconds": round(took, 1),
            "a second": round(taken / took, 1),
        }
    return {"drains": drains, "meanwhile": runs}


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)


def _say(what: str) -> None:
    print(f"volume: {what}", file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.volume", description=__doc__)
    parser.add_argument("--on", action="append", choices=DATABASES, help="this one; both unless said")
    parser.add_argument("--clinics", type=int, default=500)
    parser.add_argument(
        "--day", type=int, default=60, help="visits of each clinic that were delivered the day before"
    )
    parser.add_argument("--a-second", type=float, default=26.0, help="deliveries that become due in a second")
    parser.add_argument("--seconds", type=float, default=60.0, help="of the peak alone")
    parser.add_argument("--backlog", type=int, default=100, help="of a destination that was silent for 8 h")
    parser.add_argument("--hard", type=int, default=10_000, help="of one that is owed far more")
    parser.add_argument("--patience", type=float, default=400.0, help="seconds that a backlog may take")
    return parser


if __name__ == "__main__":
    end_at_sigterm()
    sys.exit(main(sys.argv[1:]))
