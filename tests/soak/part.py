"""One part of `make soak`: it is run, and what it ran and lost is written down, also when it breaks."""

from __future__ import annotations

import argparse
import json
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass

from tests.soak import ledger

Words = argparse.Namespace


@dataclass(frozen=True)
class Result:
    """`count`: of what was really done. `lost` must be 0."""

    count: int
    lost: int


Part = Callable[[Words], Result]


def run(name: str, part: Part, words: Words) -> bool:
    """Whether nothing was lost."""
    print(f"\n=== {name}: {part.__doc__} Seed {words.seed}.", file=sys.stderr, flush=True)
    began = time.monotonic()
    result = _result(name, part, words)
    if words.ledger:
        one = ledger.entry(name, words.seed, result.count, result.lost, time.monotonic() - began)
        ledger.append(one)
        print(json.dumps(vars(one)), file=sys.stderr)
    return result.lost == 0


def _result(name: str, part: Part, words: Words) -> Result:
    """A part that breaks has shown nothing, which is a loss; the parts after it still run."""
    try:
        return part(words)
    except Exception:
        print(f"{name}: broke\n{traceback.format_exc()}", file=sys.stderr)
        return Result(0, 1)
