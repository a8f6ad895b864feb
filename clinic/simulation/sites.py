"""What a simulated clinic is like: how large, where, and when its doors are open."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time
from zoneinfo import ZoneInfo

from clinic.calendar import Hours, Timetable
from clinic.models import Clinic

Week = Mapping[int, tuple[Hours, ...]]
ALWAYS_OPEN = Timetable(ZoneInfo("America/Chicago"))


@dataclass(frozen=True)
class Site:
    """`level` is its share of the arrivals that the data hold."""

    rooms: int = 3
    clerks: int = 2
    level: float = 0.5
    timetable: Timetable = ALWAYS_OPEN

    @property
    def zone(self) -> ZoneInfo:
        return self.timetable.zone

    def is_open(self, at: datetime) -> bool:
        """Whether patients can come in at a moment."""
        table = self.timetable
        return not (table.week or table.special) or table.is_open(at)

    def local(self, at: datetime) -> datetime:
        return at.astimezone(self.zone)


def _week(days: Iterable[int], *spans: tuple[time, time]) -> Week:
    return {day: tuple(Hours(*span) for span in spans) for day in days}


DAILY: Week = _week(range(7), (time(8), time(20)))
OFFICE: Week = _week(range(5), (time(9), time(12, 30)), (time(13, 30), time(18)))
EVENINGS: Week = _week(range(7), (time(14), time(0, 30)))
KINDS: tuple[tuple[Site, Week], ...] = (
    (Site(rooms=3, clerks=2, level=0.5), DAILY),
    (Site(rooms=7, clerks=3, level=1.0), {}),
    (Site(rooms=2, clerks=1, level=0.25), OFFICE),
    (Site(rooms=3, clerks=2, level=0.4), EVENINGS),
)
# Their number shares no factor with that of the kinds, so that twenty clinics are twenty different ones.
ZONES = ("America/Chicago", "America/New_York", "America/Phoenix", "America/Los_Angeles", "America/St_Johns")


def group(many: int) -> Iterator[Site]:
    """The sites of a group of clinics: the same ones each time."""
    for n in range(many):
        kind, week = KINDS[n % len(KINDS)]
        yield replace(kind, timetable=Timetable(ZoneInfo(ZONES[n % len(ZONES)]), week))


def site_of(clinic: Clinic) -> Site:
    """An existing clinic, of the usual size."""
    return Site(rooms=clinic.rooms.count(), timetable=clinic.timetable)
