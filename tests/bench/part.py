"""What every part gets, and what it gives."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from realtime.breaker import FORCED, OUTCOMES, STATE
from tests.bench.changes import Schedule, Seeded
from tests.bench.remote import Remote
from tests.bench.rows import Row
from tests.bench.site import Say, Site
from tests.bench.stats import RUNS


@dataclass(frozen=True)
class Sizes:
    """How much is measured; `--quick` shows only that it all works."""

    runs: int = RUNS
    clinics: int = 50
    screens: int = 10
    seconds: float = 6.0
    emr_seconds: float = 10.0
    crowd: int = 2000
    rings: int = 20
    asking: float = 1.5
    changes: int = 1000
    jobs: int = 120
    low_jobs: int = 200
    calls: int = 300
    processes: int = 16
    backlog: int = 300
    check_ins: int = 150


QUICK = Sizes(
    runs=1, clinics=4, screens=2, seconds=1.0, emr_seconds=1.0, crowd=40, rings=2, asking=0.2, changes=40,
    jobs=10, low_jobs=20, calls=20, processes=4, backlog=10, check_ins=5,
)  # fmt: skip


@dataclass
class Bench:
    """One run of the bench.

    `method` gathers sentences on how things were measured, `broken` what went wrong with parts that gave no rows.
    """

    site: Site
    sizes: Sizes
    say: Say
    writer: Remote
    clinics: list[Seeded]
    method: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def fresh(self) -> None:
        """Nothing of another part waits in Redis."""
        self.site.redis().flushall()

    def forget_breaker(self) -> None:
        """The breaker is closed and knows nothing."""
        self.site.redis().delete(STATE, OUTCOMES, FORCED)

    def schedule(self, a_second: float, seed: int, seconds: float) -> Schedule:
        """Changes at random clinics: the same for all who are measured in one run, as far as each goes."""
        chance, at, found = random.Random(seed), 0.0, []
        while (at := at + chance.uniform(0.5, 1.5) / a_second) < seconds:
            found.append((at, chance.randrange(len(self.clinics))))
        return found


Part = Callable[[Bench], list[Row]]
