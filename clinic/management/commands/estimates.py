from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Max

from clinic.estimates import scores
from clinic.estimates.replay import Replay, replay
from clinic.models import Clinic

TOO_SHORT = "No check-in has a past to learn from: 50 called on that weekday in 8 weeks, or ten on the day itself."
HALTED = "while nobody had been called for long"
AWAY = "left, put it off or still wait"


class Command(BaseCommand):
    help = "Wait estimates: how good those of ours would have been, beside two that others use, on the event log."

    def add_arguments(self, parser: CommandParser) -> None:
        does = parser.add_subparsers(dest="does", required=True)
        backtest = does.add_parser("backtest", help="Replays the event log and scores each way to estimate.")
        backtest.add_argument("--clinic", metavar="SLUG", help="Only this one.")
        backtest.add_argument("--days", type=int, default=28, help="The last so many days. 28.")
        backtest.add_argument("--json", action="store_true", help="One line of JSON in place of the table.")
        backtest.add_argument("--progress", action="store_true", help="A line each day, on standard error.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["days"] < 1:
            raise CommandError(f"--days {options['days']}: write a number above 0, such as 28.")
        found = list[Replay]()
        for clinic in chosen(options["clinic"]):
            self.stderr.write(f"reading the log of {clinic.slug}", style_func=str)
            found.append(replayed(clinic, options["days"], self._day if options["progress"] else lambda day: None))
        cases = [case for one in found for case in one.cases]
        if not cases:
            raise CommandError(TOO_SHORT)
        self._show(scores.scores(cases), left_out(found), options["json"])

    def _day(self, day: date) -> None:
        self.stderr.write(f"{day}", style_func=str)

    def _show(self, found: dict[str, list[scores.Score]], out: dict[str, int], as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps({"scores": scores.as_json(found), **out}))
            return
        self.stdout.write(scores.table(found))
        silent, paused, uncalled = out.values()
        self.stdout.write(f"\nNot scored: {silent} without a past, {paused} {HALTED}, {uncalled} who {AWAY}.")


def chosen(slug: str | None) -> list[Clinic]:
    """The clinics to look at. Raises CommandError."""
    clinics = list(Clinic.objects.filter(**({"slug": slug} if slug else {})))
    if not clinics:
        raise CommandError(f"--clinic {slug}: there is no such clinic." if slug else "There is no clinic.")
    return clinics


def replayed(clinic: Clinic, days: int, progress: Callable[[date], None]) -> Replay:
    """The last days on which somebody came."""
    last = clinic.visits.filter(arrived_at__isnull=False).aggregate(Max("day"))["day__max"]
    return replay(clinic, last - timedelta(days=days - 1), progress) if last else Replay([])


def left_out(found: Iterable[Replay]) -> dict[str, int]:
    known = list(found)
    return {name: sum(getattr(one, name) for one in known) for name in ("silent", "paused", "uncalled")}
