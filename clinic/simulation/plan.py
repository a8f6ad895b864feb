"""Which clinics are simulated, when, and from which seed: with it, all that happens is given."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from random import Random

from clinic.calendar import moment
from clinic.simulation import rates
from clinic.simulation.sites import Site
from clinic.simulation.surges import Surge, factor_at, highest
from clinic.simulation.times import HOUR

INCIDENT_WEEK = date(2019, 1, 14)


@dataclass(frozen=True)
class Plan:
    """Sites, and a stretch of a week: from `begins` after its Monday's midnight, for so many hours (or inf).

    Times of the plan are those of the first site's clock; patients come by the clock of their own. All offsets in
    simulated seconds count from `start`.
    """

    sites: tuple[Site, ...]
    seed: int = 1
    week: date = INCIDENT_WEEK
    begins: timedelta = timedelta(hours=8)
    hours: float = 24.0
    surges: tuple[Surge, ...] = ()

    @cached_property
    def start(self) -> datetime:
        wall = datetime.combine(self.week, time()) + self.begins
        return moment(wall.date(), wall.time(), self.sites[0].zone)

    @property
    def seconds(self) -> float:
        return self.hours * HOUR

    def moment(self, at: float) -> datetime:
        """The moment so many seconds from the start."""
        return self.start + timedelta(seconds=at)

    def local(self, at: float) -> datetime:
        """The same by the first site's clock."""
        return self.sites[0].local(self.moment(at))

    def passed(self, at: float) -> timedelta:
        """What that clock shows so long after the start, less the week's first midnight."""
        return self.local(at).replace(tzinfo=None) - datetime.combine(self.week, time())

    def rate(self, clinic: int, at: float) -> float:
        """Patients an hour who come to a clinic then."""
        base = rates.at_site(self.sites[clinic], self.moment(at))
        return base * factor_at(self.surges, self.passed(at)) if self.surges else base

    def rng(self, clinic: int, what: str) -> Random:
        """A source of chance of a clinic's own, so that no clinic depends on another."""
        return Random(f"{self.seed}/{clinic}/{what}")

    def arrivals(self, clinic: int, what: str, share: float = 1.0, ahead: float = 0.0) -> Iterator[float]:
        """When somebody comes, until `ahead` after the end: a Poisson process at `share` of the clinic's rate."""
        rng, most = self.rng(clinic, what), self._most(clinic) * share
        at = 0.0
        while (at := at + rng.expovariate(most) * HOUR) < self.seconds + ahead:
            if rng.random() * most < self.rate(clinic, at) * share:
                yield at

    def _most(self, clinic: int) -> float:
        return self.sites[clinic].level * max(rates.observed()) * highest(self.surges)
