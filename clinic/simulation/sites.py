"""What a simulated clinic is like: how large, where, and when its doors are open."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, time
from typing import NamedTuple
from zoneinfo import ZoneInfo

from clinic.models import Clinic

WEEK_MINUTES = 7 * 1440
USUAL_CLERKS, USUAL_LEVEL = 2, 0.5


class Stretch(NamedTuple):
    """One stretch of opening hours; an end not after the start is the next day's. `weekday`: 0 is Monday."""

    weekday: int
    opens: time
    closes: time

    def holds(self, minute: int) -> bool:
        """Whether a minute of the week is within it."""
        begins = self.weekday * 1440 + _minute(self.opens)
        length = (_minute(self.closes) - _minute(self.opens)) % 1440 or 1440
        return (minute - begins) % WEEK_MINUTES < length


@dataclass(frozen=True)
class Site:
    """`level` is its share of the arrivals that the data hold; without `hours` it is always open."""

    rooms: int = 3
    clerks: int = USUAL_CLERKS
    level: float = USUAL_LEVEL
    time_zone: str = "America/Chicago"
    hours: tuple[Stretch, ...] = ()

    def local(self, at: datetime) -> datetime:
        return at.astimezone(ZoneInfo(self.time_zone))

    def is_open(self, at: datetime) -> bool:
        """Whether patients can come in at a moment."""
        local = self.local(at)
        minute = local.weekday() * 1440 + _minute(local.time())
        return not self.hours or any(stretch.holds(minute) for stretch in self.hours)


def _minute(at: time) -> int:
    return at.hour * 60 + at.minute


def _every(days: Iterable[int], *spans: tuple[time, time]) -> tuple[Stretch, ...]:
    return tuple(Stretch(day, *span) for day in days for span in spans)


# The sizes and hours of a group; with as many time zones as share no factor with them, twenty differ.
KINDS = (
    Site(rooms=3, clerks=2, level=0.5, hours=_every(range(7), (time(8), time(20)))),
    Site(rooms=7, clerks=3, level=1.0),
    Site(
        rooms=2,
        clerks=1,
        level=0.25,
        hours=_every(range(5), (time(9), time(12, 30)), (time(13, 30), time(18))),
    ),
    Site(rooms=3, clerks=2, level=0.4, hours=_every(range(7), (time(14), time(0, 30)))),
)
ZONES = ("America/Chicago", "America/New_York", "America/Phoenix", "America/Los_Angeles", "America/St_Johns")


def group(many: int) -> Iterator[Site]:
    """The sites of a group of clinics: the same ones each time."""
    for n in range(many):
        kind = KINDS[n % len(KINDS)]
        yield Site(kind.rooms, kind.clerks, kind.level, ZONES[n % len(ZONES)], kind.hours)


def site_of(clinic: Clinic) -> Site:
    """An existing clinic, of the usual size."""
    hours = tuple(Stretch(row.weekday, row.opens, row.closes) for row in clinic.hours.all())
    return Site(rooms=clinic.rooms.count(), time_zone=clinic.time_zone, hours=hours)
