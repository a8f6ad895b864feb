"""A clinic's log lived through once more: at each check-in, what each way to estimate would have said.

The board holds what was known then and nothing later; only the wait that a quote is measured against is.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from clinic.calendar import ONE_DAY
from clinic.estimates import log, rows
from clinic.estimates.core import History
from clinic.estimates.rivals import WAYS, Moment, Quote
from clinic.estimates.rows import ONE_WEEK, WEEKS, Row
from clinic.models import Clinic
from clinic.states import Verb

ROLLING = timedelta(hours=2)


@dataclass(frozen=True)
class Case:
    """One check-in that was called later: what each way said, and how many minutes it was."""

    visit: int
    lane: str
    hour: int
    ahead: int
    quotes: Mapping[str, Quote]
    waited: float


@dataclass(frozen=True)
class Replay:
    """`cases` are scored; `silent` had no past to go by; `paused` came when nobody had been called for long.

    `uncalled` left, put it off or are still here.
    """

    cases: list[Case]
    silent: int = 0
    paused: int = 0
    uncalled: int = 0


class Board:
    """All visits of a clinic as far as they are known."""

    def __init__(self, clinic: Clinic, rooms: int) -> None:
        self._clinic, self._rooms = clinic, rooms
        self._days: dict[date, dict[int, Row]] = defaultdict(dict)
        self._lanes: dict[int, str] = {}
        self._past: dict[tuple[date, int], History] = {}

    def take(self, one: log.Happening) -> None:
        self._days[one.day][one.row.pk] = one.row
        self._lanes[one.row.pk] = one.lane

    def moment(self, one: log.Happening) -> Moment:
        """What is known to whoever names a wait to the one who has just checked in."""
        here = [*self._days[one.day - ONE_DAY].values(), *self._days[one.day].values()]
        at = (one.at, self._clinic.day_starts(one.day))
        known = rows.known(here, (one.row.order_key, one.row.pk), None, at, self._history(one.day, one.at))
        return Moment(known, self._waits(here, one), self._rooms)

    def _waits(self, here: list[Row], one: log.Happening) -> list[float]:
        """Those of the lane that ended lately, in the order in which they did."""
        ended = [
            (row.called_at, (row.called_at - row.arrived_at).total_seconds() / 60)
            for row in here
            if row.called_at and row.called_at > one.at - ROLLING and self._lanes[row.pk] == one.lane
        ]
        return [waited for _at, waited in sorted(ended)]

    def _history(self, today: date, now: datetime) -> History:
        key = today, now.astimezone(self._clinic.zone).hour
        if key not in self._past:
            days = (self._days[today - week * ONE_WEEK] for week in range(1, WEEKS + 1))
            self._past[key] = rows.history(self._clinic, [row for day in days for row in day.values()], now)
        return self._past[key]


def replay(clinic: Clinic, since: date, progress: Callable[[date], None] = lambda day: None) -> Replay:
    """All check-ins of a clinic from a day on; the WEEKS before it are only learned from."""
    happened, waits = log.read(clinic, since - WEEKS * ONE_WEEK)
    board, cases, out, day = Board(clinic, clinic.rooms.count()), list[Case](), Counter[str](), since
    for one in happened:
        board.take(one)
        if one.day > day:
            progress(day := one.day)
        if one.verb != Verb.CHECK_IN or one.day < since:
            continue
        now = board.moment(one)
        quotes, waited = quoted(now), waits.get(one.row.pk)
        if quotes is None:
            out["paused" if now.is_paused else "silent"] += 1
        elif waited is None:
            out["uncalled"] += 1
        else:
            hour = one.at.astimezone(clinic.zone).hour
            cases.append(Case(one.row.pk, one.lane, hour, now.known.line.ahead, quotes, waited))
    return Replay(cases, **out)


def quoted(now: Moment) -> dict[str, Quote] | None:
    """What each way says; None where one of them says nothing, so that all are measured on the same patients."""
    said = {name: quote for name, way in WAYS.items() if (quote := way(now))}
    return said if len(said) == len(WAYS) else None
