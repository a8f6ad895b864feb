"""`make soak`: the long tests. ARGS="kills --kills 20" runs some of the parts; ARGS=ledger prints the sums."""

from __future__ import annotations

import argparse
import json
import os
import re
import secrets
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.__main__ import OF_PAGES, _database
from tests.deploy import rolling
from tests.soak import deadlines, drilled, kills, ledger, mutation, outage_kills, part, sockets, tv
from tests.soak.part import Part, Result, Words


def laws(words: Words) -> Result:
    """With each law of the design broken in turn by a patch, a test fails."""
    rows = mutation.run(words.only)
    return Result(len(rows), sum(not row.caught for row in rows))


def killed(words: Words) -> Result:
    """Processes killed and frozen at random under load: nothing that was acknowledged is lost."""
    return _killed(words, on_postgres=False)


def killed_on_postgres(words: Words) -> Result:
    """The same on PostgreSQL."""
    return _killed(words, on_postgres=True)


def _killed(words: Words, *, on_postgres: bool) -> Result:
    summary = kills.run(words.kills, words.seed, words.pace, on_postgres=on_postgres)
    print(json.dumps(summary, indent=1), flush=True)
    return Result(summary["killed"], summary["lost"])


def outages(words: Words) -> Result:
    """Workers, sweep, Valkey and record systems killed at random: every message arrives, in order, as it was."""
    return _outages(words, on_postgres=False)


def outages_on_postgres(words: Words) -> Result:
    """The same on PostgreSQL, whose connections are cut too."""
    return _outages(words, on_postgres=True)


def _outages(words: Words, *, on_postgres: bool) -> Result:
    summary = outage_kills.run(words.strikes, words.seed, words.strike_pace, on_postgres=on_postgres)
    print(json.dumps(summary, indent=1), flush=True)
    return Result(summary["kills"], summary["lost"])


def bad_input(words: Words) -> Result:
    """Generated input at every form and address: no error of ours, no lost check-in."""
    command = [sys.executable, "-m", "tests.input", "--count", str(words.count), "--seed", str(words.seed)]
    done = subprocess.run(command, cwd=ledger.ROOT, stdout=subprocess.PIPE, text=True)
    assert done.stdout, f"it ended with {done.returncode} and no summary"
    print(done.stdout, end="", flush=True)
    summary = json.loads(done.stdout.splitlines()[-1])
    return Result(summary["count"], max(summary["failures"], int(done.returncode != 0)))


def rolled(words: Words) -> Result:
    """Behind nginx, one process at a time is restarted and killed under load: no kiosk and no screen notices."""
    with tempfile.TemporaryDirectory(prefix="evenkeel-rolling-", ignore_cleanup_errors=True) as folder:
        summary = rolling.run(words.rounds, words.seed, Path(folder))
    print(json.dumps(summary, indent=1), flush=True)
    return Result(summary["ended"] + summary["killed"], len(summary["problems"]))


def models(words: Words) -> Result:
    """Generated steps at kiosks, desks, screens and vendor: services and fan-out agree with plain models."""
    report, lost = _pytest("tests/models", MODEL_SOAK="10")
    steps = re.findall(r'<property name="steps" value="(\d+)"', report)
    return Result(sum(map(int, steps)), lost)


def layouts(words: Words) -> Result:
    """Every page in every condition, where the tests look at each condition once."""
    report, lost = _pytest(
        "tests/browser/test_kiosk_layout.py", "tests/browser/test_monitor_layout.py", LAYOUTS="all"
    )
    return Result(report.count("<testcase "), lost)


def postgres(words: Words) -> Result:
    """What `make test` asks on SQLite alone, on PostgreSQL: all rights, and what pages say."""
    report, lost = _pytest("--of-database", "tests/clinic/access", *OF_PAGES, DATABASE_URL=_database("pages"))
    return Result(report.count("<testcase "), lost)


def _pytest(*paths: str, **env: str) -> tuple[str, int]:
    """These tests with this environment: their report as XML, and how many failed."""
    with tempfile.TemporaryDirectory(prefix="evenkeel-soak-", ignore_cleanup_errors=True) as folder:
        report = Path(folder) / "report.xml"
        more = ["-o", "junit_family=xunit1", f"--junitxml={report}"]
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *paths, *more]
        env = {**os.environ, "EVENKEEL_HOME": folder, **env}
        done = subprocess.run(command, cwd=ledger.ROOT, env=env, stdout=sys.stderr)
        text = report.read_text()
    failed = re.findall(r"<(?:failure|error)\b", text)
    return text, max(len(failed), int(done.returncode != 0))


def many_sockets(words: Words) -> Result:
    """Sockets vanish under traffic beside 2,000 that stay: each ring is heard, nothing is left, memory is flat."""
    figures = sockets.run(words.vanish)
    print(json.dumps(figures, indent=1), flush=True)
    return Result(figures["vanished"], figures["lost"])


def drill(words: Words) -> Result:
    """The drill meets its goals; with a law broken in turn, its own check fails, by the goal that hangs on it."""
    verdicts = drilled.run(words.seconds)
    return Result(len(verdicts), sum(not verdict for verdict in verdicts.values()))


def deadline(words: Words) -> Result:
    """Calls to the vendor in each of its ways to hang: each back in time, nothing left behind, memory flat."""
    return Result(*deadlines.run(words.calls or 1000))


def tv_day(words: Words) -> Result:
    """A day of a wait-room screen: each call shown for its time, each part lost and back, no error, heap flat."""
    return Result(*tv.run(words.looks, words.calls or 300, words.seed))


PARTS: dict[str, Part] = {
    "laws": laws,
    "drill": drill,
    "kills": killed,
    "kills-postgres": killed_on_postgres,
    "outages": outages,
    "outages-postgres": outages_on_postgres,
    "rolling": rolled,
    "input": bad_input,
    "models": models,
    "layouts": layouts,
    "postgres": postgres,
    "sockets": many_sockets,
    "deadlines": deadline,
    "tv": tv_day,
}


def main(argv: list[str]) -> int:
    """Runs the parts named, or all. Returns how many failed."""
    words = _parser().parse_args(argv)
    if words.parts == ["ledger"]:
        print(ledger.sums(ledger.read()))
        return 0
    unknown = [name for name in words.parts if name not in PARTS]
    if unknown:
        print(f"no such part: {', '.join(unknown)}. There are: {', '.join(PARTS)}, ledger", file=sys.stderr)
        return 2
    return sum(not part.run(name, PARTS[name], words) for name in words.parts or PARTS)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"{', '.join(PARTS)}, or ledger; all parts unless named")
    parser.add_argument(
        "--seed", type=int, default=secrets.randbelow(2**31), help="of kills and input; else random"
    )
    parser.add_argument("--kills", type=int, default=100, help="of kills: how many")
    parser.add_argument("--pace", type=float, default=6.0, help="of kills: mean seconds between two")
    parser.add_argument("--strikes", type=int, default=500, help="of outages: how many kills")
    parser.add_argument("--strike-pace", type=float, default=1.0, help="of outages: mean seconds between two")
    parser.add_argument("--rounds", type=int, default=20, help="of rolling: how often each process")
    parser.add_argument("--count", type=int, default=200_000, help="of input: how many")
    parser.add_argument("--vanish", type=int, default=5_000, help="of sockets: how many")
    parser.add_argument("--seconds", type=float, default=36.0, help="of drill: of each run")
    parser.add_argument("--calls", type=int, help="of deadlines (1000) or of tv (300): how many")
    parser.add_argument("--looks", type=int, default=28_800, help="of tv: how many, three seconds apart")
    parser.add_argument("--only", action="append", default=[], help="of laws: patches whose name holds this word")
    parser.add_argument("--no-ledger", dest="ledger", action="store_false", help="write nothing down")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
