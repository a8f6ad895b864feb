"""`make soak`: the long tests. ARGS="kills --kills 20" runs some of the parts; ARGS=ledger prints the sums."""

from __future__ import annotations

import argparse
import json
import secrets
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.soak import kills, ledger, mutation

Words = argparse.Namespace


@dataclass(frozen=True)
class Result:
    """`lost` must be 0."""

    count: int
    lost: int


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
    return Result(words.kills, summary["lost"])


def bad_input(words: Words) -> Result:
    """Generated input at every form and address: no error of ours, no lost check-in."""
    command = [sys.executable, "-m", "tests.input", "--count", str(words.count), "--seed", str(words.seed)]
    done = subprocess.run(command, cwd=ledger.ROOT, stdout=subprocess.PIPE, text=True)
    assert done.stdout, f"it ended with {done.returncode} and no summary"
    print(done.stdout, end="", flush=True)
    summary = json.loads(done.stdout.splitlines()[-1])
    return Result(summary["count"], max(summary["failures"], int(done.returncode != 0)))


PARTS: dict[str, Callable[[Words], Result]] = {
    "laws": laws,
    "kills": killed,
    "kills-postgres": killed_on_postgres,
    "input": bad_input,
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
    return sum(not _run(name, words) for name in words.parts or PARTS)


def _run(name: str, words: Words) -> bool:
    print(f"\n=== {name}: {PARTS[name].__doc__} Seed {words.seed}.", file=sys.stderr, flush=True)
    began = time.monotonic()
    try:
        result = PARTS[name](words)
    except AssertionError as error:
        print(f"{name}: could not be run: {error}", file=sys.stderr)
        return False
    if words.ledger:
        one = ledger.entry(name, words.seed, result.count, result.lost, time.monotonic() - began)
        ledger.append(one)
        print(json.dumps(vars(one)), file=sys.stderr)
    return result.lost == 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"{', '.join(PARTS)}, or ledger; all parts unless named")
    parser.add_argument(
        "--seed", type=int, default=secrets.randbelow(2**31), help="of kills and input; else random"
    )
    parser.add_argument("--kills", type=int, default=100, help="of kills: how many")
    parser.add_argument("--pace", type=float, default=6.0, help="of kills: mean seconds between two")
    parser.add_argument("--count", type=int, default=200_000, help="of input: how many")
    parser.add_argument("--only", action="append", default=[], help="of laws: patches whose name holds this word")
    parser.add_argument("--no-ledger", dest="ledger", action="store_false", help="write nothing down")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
