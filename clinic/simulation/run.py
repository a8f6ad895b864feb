"""A plan as it is carried out, act by act."""

from __future__ import annotations

from collections.abc import Iterator

from clinic.simulation.acts import Done, Performer
from clinic.simulation.engine import Engine, Pending
from clinic.simulation.floor import Floor
from clinic.simulation.patients import Patients
from clinic.simulation.plan import Plan
from clinic.simulation.staff import Staff
from clinic.simulation.tally import Tally


class Run:
    """Iterate over it to have all acts performed at once, or call `step` when `next_at` has come.

    What people do next depends on what came of it before, so the acts are known one at a time. `perform` makes an
    act real: by the services (`desks.Desks`), or in any other way that gives an Outcome.
    """

    def __init__(self, plan: Plan, perform: Performer) -> None:
        self.plan, self.tally = plan, Tally()
        self._perform, self._engine = perform, Engine()
        self._pending: Pending | None = None
        self.floors = [Floor(plan, clinic, self._engine) for clinic in range(len(plan.sites))]
        for floor in self.floors:
            Patients(floor, self.tally.arrival)
            Staff(floor)

    @property
    def next_at(self) -> float | None:
        """When the next act is due, in simulated seconds from the start; None when all is done."""
        if self._pending is None:
            self._pending = self._engine.next_act(self.plan.seconds)
        return self._pending.at if self._pending else None

    @property
    def waiting(self) -> int:
        """How many wait now, in all clinics."""
        return sum(len(floor.waiting()) for floor in self.floors)

    def step(self) -> Done:
        """Performs the next act. Raises IndexError when there is none."""
        if self.next_at is None or self._pending is None:
            raise IndexError("the run is over")
        pending, self._pending = self._pending, None
        done = Done(pending.at, pending.act, self._perform(pending.act, pending.at))
        self._engine.answer(pending, done.outcome)
        self.tally.add(done)
        return done

    def __iter__(self) -> Iterator[Done]:
        while self.next_at is not None:
            yield self.step()
