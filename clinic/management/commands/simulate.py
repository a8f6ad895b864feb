from __future__ import annotations

import math
import signal
from collections.abc import Iterator
from itertools import takewhile
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from clinic import seeding
from clinic.models import Clinic, Membership
from clinic.running.signals import SignalPipe
from clinic.simulation import schedule
from clinic.simulation.agenda import MINUTE, Act
from clinic.simulation.desk import Desk
from clinic.simulation.runner import Runner

ROOMS = ["Room 1", "Room 2", "Room 3"]
WIDTH = 110


class Command(BaseCommand):
    help = "Patients who arrive as real ones do, and staff who see to them. Ctrl-C ends it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--clinics", type=int, default=1, help="How many: sim-1, sim-2 ...")
        parser.add_argument("--at", metavar="SLUG", help="At this existing clinic instead.")
        parser.add_argument("--speed", type=float, default=60.0, help="Times faster than real; 60.")
        parser.add_argument("--seed", type=int, default=1, help="The same seed brings the same patients.")
        parser.add_argument("--minutes", type=float, default=math.inf, help="Simulated; else until Ctrl-C.")
        parser.add_argument("--start", default="Mon 08:00", help='Simulated time: "Mon 08:00".')

    def handle(self, *args: Any, speed: float, minutes: float, seed: int, **options: Any) -> None:
        start = moment(options["start"])
        if not (speed > 0 and minutes > 0):
            raise CommandError("--speed and --minutes must be above 0.")
        desks = desks_at(options["at"], speed) if options["at"] else make_desks(options["clinics"], speed)
        planned = acts([desk.clinic.rooms.count() for desk in desks], seed, start, minutes)
        with SignalPipe(signal.SIGINT, signal.SIGTERM) as pipe:
            runner = Runner(desks, speed, wait=lambda seconds: bool(pipe.wait(seconds)), report=self._show)
            tally = runner.run(planned, start)
        self._show(runner.line(), ending="\n")
        self.stderr.write(
            f"ended after {tally.seconds:.0f} s: {tally.check_ins} check-ins, {tally.done} done, "
            f"{tally.refused} acts in vain",
            style_func=str,
        )

    def _show(self, line: str, ending: str = "\r") -> None:
        self.stderr.write(line.ljust(WIDTH), style_func=str, ending=ending)
        self.stderr.flush()


def moment(text: str) -> float:
    """Seconds since a Monday's midnight. Raises CommandError."""
    try:
        return schedule.parse_moment(text)
    except ValueError:
        raise CommandError(f'--start {text}: write a weekday and a time, such as "Mon 08:00".') from None


def acts(rooms: list[int], seed: int, start: float, minutes: float) -> Iterator[Act]:
    """What happens within so many simulated minutes."""
    end = start + minutes * MINUTE
    return takewhile(lambda act: act.at < end, schedule.acts(rooms, seed=seed, start=start))


def make_desks(many: int, speed: float) -> list[Desk]:
    """The simulator's own clinics, empty. Raises CommandError."""
    if not 1 <= many <= 1000:
        raise CommandError("--clinics must be between 1 and 1000.")
    clinics = [seeding.make_clinic(f"Simulated clinic {n}", f"sim-{n}", ROOMS) for n in range(1, many + 1)]
    desks = [Desk(clinic, clerk(clinic), speed) for clinic in clinics]
    for desk in desks:
        desk.clear()
    return desks


def desks_at(slug: str, speed: float) -> list[Desk]:
    """An existing clinic, with whoever is in it. Raises CommandError."""
    clinic = Clinic.objects.filter(slug=slug).first()
    if clinic is None or not clinic.rooms.exists():
        raise CommandError(f"--at {slug}: there is no such clinic, or it has no room to call patients to.")
    return [Desk(clinic, clerk(clinic), speed)]


def clerk(clinic: Clinic) -> User:
    """The simulated member of staff: nobody can log in as them."""
    user = seeding.make_user("simulator", first_name="Simulator")
    Membership.objects.get_or_create(user=user, clinic=clinic)
    return user
