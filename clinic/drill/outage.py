"""The outage of January 2019 under the ladder of designs: each one well and out, one run after the other."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import redis

from clinic.drill.play import Broken, Play, Times
from clinic.drill.record import DESIGNS, Run
from clinic.drill.stage import SetupFailed, prepare, set_up
from clinic.running.supervisor import StartFailed
from clinic.running.valkey import PortTaken

VENDOR = ("well", "out")
# What a run takes beside its own length, and the first one once more: for an estimate.
AROUND_SECONDS, PREPARING_SECONDS = 10, 5

FAILURES = (StartFailed, PortTaken, Broken, SetupFailed, OSError, redis.RedisError)

Say = Callable[[str], object]
Turn = tuple[str, str]
"""A design and the vendor's state."""


class Stopped(Exception):
    """Somebody ended the drill; every process of it has ended."""


class Failed(RuntimeError):
    """A run could not be played to its end; the text says why, and where its logs are."""


def expected(seconds: float, turns: Sequence[Turn]) -> float:
    """About how long it takes, in seconds."""
    return PREPARING_SECONDS + len(turns) * (seconds + AROUND_SECONDS)


def replay(seconds: float, turns: Sequence[Turn], say: Say, told: Callable[[Run], object]) -> list[Run]:
    """Plays runs one after the other, `seconds` each; `told` of each as it ends.

    Its homes are temporary, and kept only when it fails. Raises Stopped or Failed.
    """
    folder = Path(tempfile.mkdtemp(prefix="evenkeel-drill-"))
    try:
        runs = _replay(folder, seconds, turns, say, told)
    except FAILURES as error:
        raise Failed(f"{error}\nThe drill's homes and logs are kept in {folder}.") from error
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)
    return runs


def _replay(
    folder: Path, seconds: float, turns: Sequence[Turn], say: Say, told: Callable[[Run], object]
) -> list[Run]:
    say("making the clinics")
    prepare(folder / "template")
    began, runs = time.monotonic(), list[Run]()
    for number, (design, vendor) in enumerate(turns, 1):
        head = f"{number} of {len(turns)}: {design}, vendor {vendor}"
        run = _play(folder, design, vendor, seconds, partial(_say, say, head))
        told(run)
        runs.append(run)
        each = (time.monotonic() - began) / number
        say(f"{head}: done, about {in_words(each * (len(turns) - number))} left")
    return runs


def _play(folder: Path, design: str, vendor: str, seconds: float, say: Say) -> Run:
    home = folder / f"{design}-{vendor}"
    times = Times(seconds)
    run = Play(set_up(folder / "template", home, design, times.load), vendor, times).run(say)
    if run is None:
        raise Stopped
    shutil.rmtree(home)
    return run


def _say(say: Say, head: str, what: str) -> None:
    say(f"{head}: {what}")


def in_words(seconds: float) -> str:
    """A span as people say it."""
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"


def titles() -> dict[str, str]:
    """The ladder's keys, in order, with their titles."""
    return {design.key: design.title for design in DESIGNS}
