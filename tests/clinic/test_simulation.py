"""The simulator as a library: through the real services, at a chosen speed, as load for something else."""

from __future__ import annotations

import math
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from clinic import clock, services, states
from clinic.models import Clinic, OpeningHours, Visit, VisitEvent
from clinic.services import Actor
from clinic.simulation import (
    Act,
    Desks,
    Done,
    Plan,
    Run,
    Runner,
    Site,
    Word,
    desk_at,
    desk_for,
    group,
    parse_surge,
    site_of,
)
from clinic.simulation.people import Person
from clinic.states import OPEN, Lane, State, Verb
from realtime.models import Topic
from tests.clinic.pretended import Pretended
from tests.factories import make_clinic, make_user, make_visit

DAY = 24.0
ROOT = Path(__file__).resolve().parent.parent.parent
PERSON = Person("Bob", "Miller", datetime(1985, 4, 17).date(), "", "other", "en", Lane.STANDARD)


def at_own_clinics(plan: Plan) -> Desks:
    desks = Desks(plan, [desk_for(n, site) for n, site in enumerate(plan.sites, 1)], virtual=True)
    desks.clear()
    return desks


# --- As a library -----------------------------------------------------------------------------------------------


class Ledger:
    """What must have become of the visits, by the acts that were acknowledged and the table of legal moves."""

    def __init__(self) -> None:
        self.states: dict[UUID, list[State]] = {}
        self.changes = 0

    def add(self, done: Done) -> None:
        for visit in done.outcome.visits if done.outcome.is_done else ():
            self._move(done.act.verb, self.states.setdefault(visit, []))

    def _move(self, verb: Verb, past: list[State]) -> None:
        before = past[-1] if past else None
        if verb == Verb.UNDO:
            after: State | None = past[-2]
        elif verb == Verb.CHECK_IN and before == State.STEPPED_OUT:
            after = State.WAITING
        else:
            after = states.after(verb, before)
        if after is not None:
            past.append(after)
            self.changes += 1


def test_at_the_end_of_a_day_every_visit_and_every_version_is_accounted_for(db: None) -> None:
    plan = Plan(
        tuple(group(1)), seed=3, begins=timedelta(hours=6), hours=DAY, surges=(parse_surge("Mon 17:00 1h 3x"),)
    )
    desks, ledger = at_own_clinics(plan), Ledger()
    run, version = Run(plan, desks), Topic.objects.get().version
    for done in run:
        ledger.add(done)
    stored = dict(Visit.objects.values_list("public_id", "state"))
    assert stored == {visit: past[-1] for visit, past in ledger.states.items()}
    assert len(stored) > 50
    assert {visit for visit, state in stored.items() if state in OPEN - {State.EXPECTED}} == set()
    # No kiosk sends anybody to the desk, as it would by its limit, which counts real minutes.
    assert Topic.objects.get().version - version == VisitEvent.objects.count() == ledger.changes
    counts, seen = run.tally.counts, Counter(stored.values())
    assert Visit.objects.exclude(arrived_at=None).count() == counts.check_ins
    assert (seen[State.LEFT], seen[State.NO_SHOW]) == (counts.left, counts.no_shows)
    assert counts.families == Visit.objects.exclude(party=None).values("party").distinct().count() > 0


def test_visits_get_the_simulated_time_and_the_clock_is_right_again_afterwards(db: None) -> None:
    plan = Plan(tuple(group(1)), hours=3)
    list(Run(plan, at_own_clinics(plan)))
    times = sorted(VisitEvent.objects.values_list("at", flat=True))
    assert plan.start <= times[0] < times[-1] < plan.moment(3 * 3600)
    assert times[0].date() == datetime(2019, 1, 14).date()
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(minutes=1)


def test_the_clock_stands_for_the_simulating_thread_alone() -> None:
    years, heard, both = (2019, 2020), dict[int, int](), threading.Barrier(2, timeout=10)

    def live_in(year: int) -> None:
        with clock.override(lambda: datetime(year, 1, 14, tzinfo=UTC)):
            both.wait()
            heard[year] = clock.now().year
            both.wait()

    threads = [threading.Thread(target=live_in, args=[year]) for year in years]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert heard == {year: year for year in years}


def test_a_clinic_of_the_group_is_made_as_its_site_says(db: None) -> None:
    for number, site in enumerate(group(4), 1):
        desk = desk_for(number, site)
        assert (desk.clinic.time_zone, desk.clinic.rooms.count()) == (site.zone.key, site.rooms)
        again = site_of(Clinic.objects.get(slug=f"sim-{number}"))
        assert [again.is_open(at) for at in week()] == [site.is_open(at) for at in week()]
        assert len(desk.clerks) == site.clerks
    first, hours = next(group(1)), OpeningHours.objects.filter(clinic__slug="sim-1")
    desk_for(1, first, is_always_open=True)
    assert not hours.exists()
    desk_for(1, first)
    assert hours.count() == 7
    assert Clinic.objects.count() == 4


def week() -> list[datetime]:
    return [datetime(2019, 1, 14, tzinfo=UTC) + timedelta(minutes=30 * n) for n in range(336)]


def test_any_function_may_perform_a_run(db: None) -> None:
    """As load for something else: here, check-ins alone become real."""
    plan, pretended, loaded = Plan((Site(),), seed=4, hours=4), Pretended(), list[str]()
    clinic = make_clinic()

    def perform(act: Act, at: float) -> Any:
        if act.verb == Verb.CHECK_IN and act.people:
            loaded.extend(make_visit(clinic, one.given_name, one.family_name).ticket for one in act.people)
        return pretended(act, at)

    run = Run(plan, perform)
    assert 0 < run.next_at < plan.seconds  # type: ignore[operator]
    first = run.step()
    rest = list(run)
    assert first.at <= rest[0].at
    assert run.tally.counts.check_ins <= len(loaded) < 60


# --- At the desk ------------------------------------------------------------------------------------------------


def test_real_people_may_be_first(db: None) -> None:
    clinic, ana = make_clinic(), Actor(user=make_user())
    plan = Plan((site_of(clinic),))
    desks = Desks(plan, [desk_at(clinic)], virtual=False)
    visit = desks(Act(0, Verb.CHECK_IN, people=(PERSON,)), 0).visits[0]
    services.call_next(clinic, by=ana, room=clinic.rooms.all()[0])
    assert desks(Act(0, Verb.CALL, visit, clerk=0), 1).word == Word.LATE
    assert desks(Act(0, Verb.CALL, clerk=0, room=1), 2).word == Word.REFUSED
    other = desks(Act(0, Verb.CHECK_IN, people=(replace_name(PERSON, "Bea"),)), 3).visits[0]
    assert desks(Act(0, Verb.CALL, other, clerk=1, room=0), 4).word == Word.REFUSED, "the room is taken"
    assert Visit.objects.get(public_id=other).state == State.WAITING


def replace_name(person: Person, given: str) -> Person:
    return Person(given, person.family_name, person.birth_date, "", "other", "en", Lane.STANDARD)


def test_staff_work_on_when_real_people_take_their_patients(db: None) -> None:
    """Every fifth who checks in is seen to by somebody else, unknown to the simulated staff."""
    clinic, ana = make_clinic(), Actor(user=make_user())
    plan = Plan((Site(rooms=2, clerks=1, level=0.5),), seed=2, hours=10)
    desks, taken = Desks(plan, [desk_at(clinic)], virtual=True), 0
    run = Run(plan, desks)
    for done in run:
        if done.act.verb == Verb.CHECK_IN and len(done.outcome.visits) == 1 and done.at % 5 < 1:
            taken += Visit.objects.get(public_id=done.outcome.visits[0]).state == State.WAITING
            _take(clinic, done.outcome.visits[0], ana)
    assert taken > 3
    assert run.waiting <= 3
    assert Visit.objects.filter(state=State.DISCHARGED).count() > 15
    assert run.tally.counts.refused < 100


def _take(clinic: Clinic, visit: UUID, by: Actor) -> None:
    if Visit.objects.get(public_id=visit).state == State.WAITING:
        services.move(clinic, visit, Verb.LEFT, by=by)


def test_a_double_tap_gives_the_same_visit_and_another_run_of_the_seed_does_not(db: None) -> None:
    plan, key = Plan(tuple(group(1))), UUID(int=1)
    act = Act(0, Verb.CHECK_IN, people=(PERSON,), key=key)
    desks = at_own_clinics(plan)
    first = desks(act, 0).visits
    services.move(desk_for(1, plan.sites[0]).clinic, first[0], Verb.LEFT, by=Actor())
    assert desks(act, 1).visits == first
    assert at_own_clinics(plan)(act, 0).visits != first


def test_a_run_that_was_ended_is_cleared(db: None) -> None:
    plan = Plan(tuple(group(1)), hours=2)
    list(Run(plan, at_own_clinics(plan)))
    assert Visit.objects.filter(state__in=OPEN).exists()
    at_own_clinics(plan)
    assert not Visit.objects.filter(state__in=OPEN).exists()


def test_bookings_are_as_much_sooner_as_time_runs_faster(db: None) -> None:
    plan = Plan(tuple(group(1)))
    act = Act(0, Verb.BOOK, people=(PERSON,), clerk=0, booked_in=600.0)
    for speed, seconds in ((60, 10), (math.inf, 0)):
        before = clock.now()
        desks = Desks(plan, [desk_for(1, plan.sites[0])], virtual=False, speed=speed)
        booked = Visit.objects.get(public_id=desks(act, 0).visits[0]).booked_for
        assert booked is not None
        assert timedelta(0) <= booked - before - timedelta(seconds=seconds) < timedelta(seconds=5)


# --- In time ----------------------------------------------------------------------------------------------------


class FakeTime:
    """A clock that only waiting moves on."""

    def __init__(self, end_at: float = math.inf) -> None:
        self.now, self.end_at = 100.0, end_at
        self.lines: list[str] = []

    def wait(self, seconds: float) -> bool:
        self.now += seconds
        return self.now >= self.end_at

    def runner(self, run: Run, speed: float = 60) -> Runner:
        return Runner(run, speed, wait=self.wait, report=self.lines.append, clock=lambda: self.now)


def test_a_run_takes_its_time_divided_by_the_speed() -> None:
    fake, run = FakeTime(), Run(Plan((Site(),), hours=1.75), Pretended())
    runner = fake.runner(run)
    runner.run()
    assert fake.now - 100 == runner.seconds == pytest.approx(1.75 * 3600 / 60)
    assert runner.reached == run.plan.seconds
    assert run.next_at is None
    assert run.tally.counts.check_ins > 3


def test_each_simulated_hour_is_reported() -> None:
    fake = FakeTime()
    fake.runner(Run(Plan((Site(),), hours=3), Pretended())).run()
    assert [line[:9] for line in fake.lines] == ["Mon 09:00", "Mon 10:00", "Mon 11:00"]
    assert all(" check-ins, " in line and line.endswith(" waiting") for line in fake.lines)


def test_a_run_ends_at_once_when_told_to() -> None:
    fake, performer = FakeTime(end_at=160), Pretended()
    run = Run(Plan((Site(),), hours=8), performer)
    runner = fake.runner(run)
    runner.run()
    assert 0.7 * 3600 < runner.reached <= 3600
    never_came = (State.EXPECTED, State.CANCELLED, State.NO_SHOW)
    came = [state for state in performer.states.values() if state not in never_came]
    assert run.tally.counts.check_ins == len(came) > 0
