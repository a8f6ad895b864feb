"""How a day went, for a clinic's managers: waits, those who left, what was promised. No patient's name."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.utils.formats import time_format

from clinic.models import Clinic
from clinic.models.visits import FIRST_CALL, PUT_OFF
from clinic.states import State

ONE_HOUR = timedelta(hours=1)
# Of fewer than these, one visit more or less changes a figure a lot.
FEW = 5
# Minutes after the end of what was promised, from which on it was no honest estimate.
VERY_LATE = 15


class Stay(NamedTuple):
    """What the summary knows of one visit. `called_at`: the first call; `put_off`: by the patient, before it."""

    state: str
    arrived_at: datetime | None = None
    called_at: datetime | None = None
    roomed_at: datetime | None = None
    promised_from: int | None = None
    promised_to: int | None = None
    put_off: bool | None = False


@dataclass(frozen=True)
class Spread:
    """How long something took: half of them at most `median` minutes, nine of ten at most `ninth`."""

    count: int = 0
    median: int | None = None
    ninth: int | None = None

    @property
    def is_small(self) -> bool:
        return 0 < self.count < FEW


@dataclass(frozen=True)
class Hour:
    """Those who came within one hour; `wait`: until they were called, in minutes, by the median. None: no call."""

    label: str
    arrivals: int
    called: int
    wait: int | None


@dataclass(frozen=True)
class Promises:
    """Of those who were told a range and called: before it, inside, after it; `very_late` of the last."""

    count: int = 0
    early: int = 0
    inside: int = 0
    late: int = 0
    very_late: int = 0

    @property
    def is_small(self) -> bool:
        return 0 < self.count < FEW

    def share(self, part: int) -> int:
        """In whole percent."""
        return round(100 * part / self.count) if self.count else 0


@dataclass(frozen=True)
class DaySummary:
    """One day of one clinic. `missed`: booked and never there.

    `left`: without being seen, as other systems are told; `unanswered` of these were called and did not come.
    """

    came: int
    waiting: int
    left: int
    missed: int
    unanswered: int
    to_call: Spread
    to_room: Spread
    hours: list[Hour]
    promises: Promises

    @property
    def gave_up(self) -> int:
        """Of those who left, those who did so before a call, or said so."""
        return self.left - self.unanswered

    @property
    def left_share(self) -> int:
        """Of those who came, in whole percent."""
        return round(100 * self.left / self.came) if self.came else 0


def day_summary(clinic: Clinic, day: date) -> DaySummary:
    """How one of the clinic's own days went, or goes so far. One query."""
    visits = clinic.visits.filter(day=day).exclude(state=State.ENTERED_IN_ERROR).order_by()
    rows = visits.annotate(first_call=FIRST_CALL, put_off=PUT_OFF).values_list(
        "state", "arrived_at", "first_call", "roomed_at", "promised_from", "promised_to", "put_off"
    )
    return summarise([Stay(*row) for row in rows], clinic.day_starts(day), clinic.zone)


def summarise(stays: Sequence[Stay], starts: datetime, zone: ZoneInfo) -> DaySummary:
    """The same from plain values; the day begins at `starts`."""
    came = [stay for stay in stays if stay.arrived_at]
    states = Counter(stay.state for stay in came)
    return DaySummary(
        came=len(came),
        waiting=states[State.WAITING] + states[State.STEPPED_OUT],
        left=states[State.LEFT] + states[State.NO_SHOW],
        missed=sum(stay.state == State.NO_SHOW and not stay.arrived_at for stay in stays),
        unanswered=states[State.NO_SHOW],
        to_call=_spread(_minutes(stay, stay.called_at) for stay in came),
        to_room=_spread(_minutes(stay, stay.roomed_at) for stay in came),
        hours=_hours(came, starts, zone),
        promises=_promises(came),
    )


def _minutes(stay: Stay, until: datetime | None) -> float | None:
    if stay.arrived_at is None or until is None:
        return None
    return max(0.0, (until - stay.arrived_at).total_seconds() / 60)


def _spread(lengths: Iterable[float | None]) -> Spread:
    known = sorted(length for length in lengths if length is not None)
    if not known:
        return Spread()
    return Spread(len(known), round(statistics.median(known)), round(known[math.ceil(0.9 * len(known)) - 1]))


def _hours(came: Sequence[Stay], starts: datetime, zone: ZoneInfo) -> list[Hour]:
    """From the first hour in which somebody came to the last. A clock that is set back has one hour twice."""
    first = starts - timedelta(minutes=starts.astimezone(zone).minute)
    slots: dict[int, list[Stay]] = {}
    for stay in came:
        if stay.arrived_at:
            slots.setdefault((stay.arrived_at - first) // ONE_HOUR, []).append(stay)
    if not slots:
        return []
    numbers = range(min(slots), max(slots) + 1)
    labels = _labels([(first + n * ONE_HOUR).astimezone(zone) for n in numbers])
    return [_hour(label, slots.get(n, [])) for label, n in zip(labels, numbers, strict=True)]


def _hour(label: str, stays: Sequence[Stay]) -> Hour:
    wait = _spread(_minutes(stay, stay.called_at) for stay in stays)
    return Hour(label, len(stays), wait.count, wait.median)


def _labels(moments: Sequence[datetime]) -> list[str]:
    words = [time_format(at, "g:i A" if at.minute else "g A") for at in moments]
    often = Counter(words)
    return [f"{word} {at.tzname()}" if often[word] > 1 else word for word, at in zip(words, moments, strict=True)]


def _promises(came: Sequence[Stay]) -> Promises:
    """Nobody who chose to wait longer was kept waiting by us."""
    told = [
        (minutes, stay.promised_from, stay.promised_to)
        for stay in came
        if stay.promised_from is not None and stay.promised_to is not None and not stay.put_off
        if (minutes := _minutes(stay, stay.called_at)) is not None
    ]
    return Promises(
        count=len(told),
        early=sum(minutes < low for minutes, low, _high in told),
        inside=sum(low <= minutes <= high for minutes, low, high in told),
        late=sum(minutes > high for minutes, _low, high in told),
        very_late=sum(minutes > high + VERY_LATE for minutes, _low, high in told),
    )
