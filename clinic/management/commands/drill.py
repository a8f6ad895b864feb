from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from clinic.drill import files, outage, provenance, report, table
from clinic.drill.goals import met
from clinic.drill.record import Run

SECONDS, SHORTEST, LONGEST = 36.0, 8.0, 540.0
INTERRUPTED, TERMINATED = 130, 128 + signal.SIGTERM
PAIR, MOST_PAIRS = (("evenkeel", "well"), ("evenkeel", "out")), 3


class Command(BaseCommand):
    help = (
        "Replays the outage of January 2019, in real processes of its own, under the incident's design, the ones "
        "between, and Evenkeel. Fails when Evenkeel's own row misses a goal. Ctrl-C ends it all."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        keys = ", ".join(outage.titles())
        parser.add_argument("what", choices=["outage"])
        parser.add_argument(
            "--seconds",
            type=float,
            default=SECONDS,
            help=f"Of each run; {SECONDS:g}. A breaker and a fair p99 need 30 or more.",
        )
        parser.add_argument("--json", action="store_true", help='Only {"rows": [...], "met": bool}, on one line.')
        parser.add_argument(
            "--report",
            type=Path,
            metavar="FOLDER",
            default=settings.HOME / "drill",
            help="The rows, a page with plots and a picture are written there; drill in Evenkeel's home.",
        )
        parser.add_argument("--vendor", choices=outage.VENDOR, help="Only while it is well, or only out.")
        parser.add_argument(
            "--only", metavar="DESIGN,...", help=f"Some of the designs: {keys}. Goals that need more are missed."
        )

    def handle(self, *args: Any, seconds: float, only: str | None, vendor: str | None, **options: Any) -> None:
        designs, states = chosen(only), [vendor] if vendor else list(outage.VENDOR)
        refuse_unless_countable(seconds)
        turns = [(design, state) for design in designs for state in states]
        with terminable():
            runs = self._replay(seconds, turns)
            while wants_another_pair(runs):
                self.stderr.write("Evenkeel's pair once more: was that noise?", style_func=str)
                runs += self._replay(seconds, list(PAIR))
        self.stdout.write(report.as_json(runs) if options["json"] else table.text(runs))
        made = provenance.here(seconds, command(seconds, only, vendor))
        for path in files.write(runs, made, options["report"]):
            self.stderr.write(f"written: {path}", style_func=str)
        if not report.is_met(met(runs)):
            sys.exit(1)

    def _replay(self, seconds: float, turns: list[outage.Turn]) -> list[Run]:
        progress = Progress(self.stderr)
        span = outage.in_words(outage.expected(seconds, turns))
        progress.line(f"{len(turns)} runs of {seconds:g} s each: about {span} in all")
        try:
            return outage.replay(seconds, turns, progress.say, progress.told)
        except (outage.Stopped, KeyboardInterrupt):
            progress.line("stopped: every process of the drill has ended, and its homes are deleted")
            sys.exit(INTERRUPTED)
        except outage.Failed as error:
            progress.line("")
            raise CommandError(str(error)) from None


class Progress:
    """On a terminal one line that changes; else a line a run."""

    def __init__(self, stream: Any) -> None:
        self._stream, self._is_terminal = stream, stream.isatty()

    def say(self, what: str) -> None:
        """How far it is."""
        if self._is_terminal:
            self._stream.write(f"\r{what}\033[K", ending="", style_func=str)
            self._stream.flush()
        elif what.endswith(" left") and ": done" in what:
            self.line(what)

    def told(self, run: Run) -> None:
        """The figures of a run that has ended."""
        figures = report.row(run)
        self.line(
            f"{run.design}, vendor {run.vendor}: EMR start p99 {figures['emr_start_p99_s']} s, "
            f"{figures['emr_never_started']} of {len(run.emr)} never; screens p99 {figures['screen_p99_ms']} ms"
        )

    def line(self, what: str) -> None:
        clear = "\r\033[K" if self._is_terminal else ""
        self._stream.write(f"{clear}{what}", style_func=str)
        self._stream.flush()


@contextmanager
def terminable() -> Iterator[None]:
    """SIGTERM raises SystemExit in the block, so that nothing temporary is left. For the main thread only."""
    before = signal.signal(signal.SIGTERM, _exit)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _exit(number: int, frame: FrameType | None) -> None:
    sys.exit(TERMINATED)


def refuse_unless_countable(seconds: float) -> None:
    """Raises CommandError for a length that cannot be measured; also for what is no number."""
    if not SHORTEST <= seconds <= LONGEST:
        why = "A job that has ended is forgotten after 600 s, and could not be counted."
        raise CommandError(f"--seconds {seconds:g}: write {SHORTEST:g} to {LONGEST:g}. {why}")


def command(seconds: float, only: str | None, vendor: str | None) -> str:
    """The words that play the same again."""
    words = ["manage.py drill outage", f"--seconds {seconds:g}"]
    words += [f"--only {','.join(chosen(only))}"] if only else []
    words += [f"--vendor {vendor}"] if vendor else []
    return " ".join(words)


def wants_another_pair(runs: list[Run]) -> bool:
    """Whether Evenkeel, played well and out, differs by what may be noise: the best of three pairs is judged."""
    many = [sum((run.design, run.vendor) == turn for run in runs) for turn in PAIR]
    noisy = {goal.name for goal in met(runs) if not goal.is_met} & {"emr", "screens"}
    return bool(noisy) and min(many) > 0 and max(many) < MOST_PAIRS


def chosen(only: str | None) -> list[str]:
    """The designs to play, in the ladder's order. Raises CommandError for one that it does not have."""
    known = list(outage.titles())
    wanted = [word.strip() for word in only.split(",")] if only else known
    if unknown := [word for word in wanted if word not in known]:
        raise CommandError(f"--only {unknown[0]}: there is no such design. There are: {', '.join(known)}.")
    return [key for key in known if key in wanted]
