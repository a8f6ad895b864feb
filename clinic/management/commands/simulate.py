from __future__ import annotations

import json
import math
import signal
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from typing import Any, TypeVar

from django.core.management.base import BaseCommand, CommandError, CommandParser

from clinic.models import Clinic
from clinic.running.signals import SignalPipe
from clinic.simulation import (
    Desks,
    Plan,
    Run,
    Runner,
    Site,
    desk_at,
    desk_for,
    group,
    parse_moment,
    parse_surge,
    parse_week,
    site_of,
)
from clinic.simulation.hurry import hurrying
from clinic.simulation.plan import INCIDENT_WEEK

T = TypeVar("T")
MOST_CLINICS = 1000
A_DAY = 24.0


class Command(BaseCommand):
    help = (
        "Patients who arrive as real ones do, and staff who see to them, in a group of clinics. The same seed and "
        "options bring the same acts. Ctrl-C ends it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        where = parser.add_mutually_exclusive_group()
        where.add_argument(
            "--clinics", type=int, default=1, help="How many: sim-1, sim-2 ... of several kinds. 1."
        )
        where.add_argument("--at", metavar="SLUG", help="At this existing clinic instead, in real time.")
        parser.add_argument("--week", help="The ISO week that is simulated; the incident's, 2019-W03.")
        parser.add_argument(
            "--from", dest="begins", default="Mon 08:00", help="When in that week, first clinic's time. Mon 08:00."
        )
        parser.add_argument("--hours", type=float, help="Simulated. Until Ctrl-C, or a day with --instant.")
        parser.add_argument(
            "--surge",
            action="append",
            default=[],
            metavar='"Mon 09:00 2h 3x"',
            help="From then, for so long (h or m), so many times the arrivals. May be repeated; surges multiply.",
        )
        parser.add_argument("--seed", type=int, default=1, help="Another seed, other patients. 1.")
        pace = parser.add_mutually_exclusive_group()
        pace.add_argument("--speed", type=float, default=60.0, help="Times faster than real. 60.")
        pace.add_argument(
            "--instant", action="store_true", help="As fast as the database can; visits get the simulated time."
        )
        parser.add_argument("--json", action="store_true", help="At the end, one line of JSON on standard output.")

    def handle(self, *args: Any, instant: bool, **options: Any) -> None:
        speed = math.inf if instant else options["speed"]
        if not speed > 0:
            raise CommandError(f"--speed {speed:g}: write a number above 0, such as 60.")
        run = prepared(options, speed, is_virtual=instant)
        with SignalPipe(signal.SIGINT, signal.SIGTERM) as pipe, hurrying() if instant else nullcontext():
            runner = Runner(run, speed, wait=lambda seconds: bool(pipe.wait(seconds)), report=self._show)
            runner.run()
        self._show(f"ended after {runner.seconds:.0f} s: {sentence(run)}")
        if options["json"]:
            self.stdout.write(json.dumps(summary(run, runner)))

    def _show(self, line: str) -> None:
        self.stderr.write(line, style_func=str)
        self.stderr.flush()


def prepared(options: dict[str, Any], speed: float, *, is_virtual: bool) -> Run:
    """The run that the options ask for, with its clinics. Raises CommandError."""
    clinic = existing(options["at"], is_virtual) if options["at"] else None
    sites = (site_of(clinic),) if clinic else own_sites(options["clinics"])
    plan = planned(options, sites, is_virtual=is_virtual)
    own = partial(desk_for, is_always_open=not is_virtual)
    at_desks = [desk_at(clinic)] if clinic else [own(n, site) for n, site in enumerate(sites, 1)]
    desks = Desks(plan, at_desks, virtual=is_virtual, speed=speed)
    if clinic is None:
        desks.clear()
    return Run(plan, desks)


def planned(options: dict[str, Any], sites: tuple[Site, ...], *, is_virtual: bool) -> Plan:
    """The plan. Raises CommandError."""
    week, surge = 'a week such as "2019-W03"', 'when, how long and how many times, such as "Mon 09:00 2h 3x"'
    hours = options["hours"]
    if hours is None:
        hours = A_DAY if is_virtual else math.inf
    if not hours > 0 or (is_virtual and hours == math.inf):
        raise CommandError(f"--hours {hours:g}: write a number above 0, such as 12.")
    return Plan(
        sites,
        seed=options["seed"],
        week=read("--week", options["week"], parse_week, week) if options["week"] is not None else INCIDENT_WEEK,
        begins=read("--from", options["begins"], parse_moment, 'a weekday and a time, such as "Mon 08:00"'),
        hours=hours,
        surges=tuple(read("--surge", text, parse_surge, surge) for text in options["surge"]),
    )


def read(option: str, text: str, parse: Callable[[str], T], what: str) -> T:
    """An option's value. Raises CommandError that says what to write."""
    try:
        return parse(text)
    except ValueError:
        raise CommandError(f"{option} {text}: write {what}.") from None


def own_sites(many: int) -> tuple[Site, ...]:
    if not 1 <= many <= MOST_CLINICS:
        raise CommandError(f"--clinics {many}: write a number from 1 to {MOST_CLINICS}.")
    return tuple(group(many))


def existing(slug: str, is_virtual: bool) -> Clinic:
    """The clinic named by --at. Raises CommandError."""
    if is_virtual:
        raise CommandError("--at works in real time: leave out --instant, or the clinic.")
    clinic = Clinic.objects.select_related("topic").filter(slug=slug).first()
    if clinic is None or not clinic.rooms.exists():
        raise CommandError(f"--at {slug}: there is no such clinic, or it has no room to call patients to.")
    return clinic


def sentence(run: Run) -> str:
    """What was done, in words."""
    counts = run.tally.counts
    return (
        f"{counts.check_ins} check-ins, {counts.calls} calls, {counts.left} left, {counts.no_shows} did not come, "
        f"{counts.forgotten} forgotten and put right, {counts.undone} undone, {counts.refused} refused"
    )


def summary(run: Run, runner: Runner) -> dict[str, Any]:
    """What --json prints; times are ISO 8601 of the first clinic's clock."""
    plan = run.plan
    return {
        "seed": plan.seed,
        "clinics": len(plan.sites),
        "from": plan.local(0).isoformat(timespec="seconds"),
        "to": plan.local(runner.reached).isoformat(timespec="seconds"),
        **run.tally.summary(),
        "digest": run.tally.digest,
        "seconds": round(runner.seconds, 3),
    }
