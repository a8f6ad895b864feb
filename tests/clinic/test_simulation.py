from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice, takewhile
from random import Random
from statistics import fmean, pvariance

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils import timezone

from clinic import seeding, services
from clinic.models import Clinic, Visit
from clinic.services import Actor
from clinic.simulation import people, rates, runner, schedule
from clinic.simulation.agenda import HOUR, MINUTE, Act
from clinic.simulation.desk import Desk
from clinic.states import OPEN, State, Verb
from tests.factories import make_clinic, make_visit

WEEK = rates.HOURS_A_WEEK * HOUR
MONDAY_8 = 8 * HOUR


def until(end: float, *, seed: int = 1, rooms: tuple[int, ...] = (3,), start: float = MONDAY_8) -> Iterator[Act]:
    return takewhile(lambda act: act.at < end, schedule.acts(rooms, seed=seed, start=start))


def check_ins(weeks: int, seed: int = 7) -> list[int]:
    """Check-ins in each hour of so many weeks."""
    counts = Counter(
        int(act.at // HOUR) for act in until(weeks * WEEK, seed=seed, start=0) if act.verb == Verb.CHECK_IN
    )
    return [counts[hour] for hour in range(weeks * rates.HOURS_A_WEEK)]


# --- The pure schedule ----------------------------------------------------------------------------------------


def test_observed_holds_a_week_of_real_rates() -> None:
    table = rates.observed()
    assert len(table) == 168
    assert (table[0], table[17]) == (4.340, 11.026)
    assert fmean(table) == pytest.approx(6.6, abs=0.05)


def test_clinic_rates_are_cut_to_opening_hours_and_scaled() -> None:
    table, scaled = rates.observed(), rates.of_a_clinic()
    assert [scaled[hour] for hour in (7, 8, 19, 20)] == [0, table[8] * 0.5, table[19] * 0.5, 0]


def test_schedule_is_the_same_for_the_same_seed() -> None:
    first, again, other = (
        list(islice(schedule.acts([3, 2], seed=seed, start=MONDAY_8), 600)) for seed in (5, 5, 6)
    )
    assert first == again
    assert first != other


def test_schedule_of_one_clinic_does_not_depend_on_the_others() -> None:
    alone = list(until(12 * HOUR, rooms=(3,)))
    beside = [act for act in until(12 * HOUR, rooms=(3, 1, 2)) if act.clinic == 0]
    assert alone == beside


def test_schedule_runs_forward_in_time() -> None:
    times = [act.at for act in until(WEEK, rooms=(3, 3))]
    assert times == sorted(times)
    assert times[0] >= MONDAY_8


def test_a_month_of_arrivals_follows_the_table_in_every_hour() -> None:
    weeks, table = 4, rates.of_a_clinic()
    counts = check_ins(weeks)
    for hour, rate in enumerate(table):
        seen, expected = sum(counts[hour :: len(table)]), weeks * rate
        # 5 standard deviations of a Poisson count: one month in thousands would fail.
        assert abs(seen - expected) <= 5 * math.sqrt(expected), (hour, seen, expected)
    assert sum(counts) == pytest.approx(weeks * sum(table), rel=0.08)


def test_arrivals_of_an_hour_are_poisson() -> None:
    """The variance of Poisson counts is their mean; scaled by it, all open hours can be pooled."""
    table = rates.of_a_clinic()
    pairs = [(count, table[n % len(table)]) for n, count in enumerate(check_ins(8)) if table[n % len(table)]]
    scaled = [(count - rate) / math.sqrt(rate) for count, rate in pairs]
    assert pvariance(scaled) == pytest.approx(1, abs=0.2)


def test_the_day_shapes_arrivals() -> None:
    by_hour = [sum(check_ins(8)[hour::24]) for hour in range(24)]
    assert by_hour[17] > 1.3 * by_hour[8] > 0
    assert by_hour[:8] == [0] * 8
    assert by_hour[20:] == [0] * 4


def test_a_month_brings_every_kind_of_act() -> None:
    kinds = Counter(act.verb for act in until(4 * WEEK))
    assert set(kinds) == {
        Verb.BOOK, Verb.CHECK_IN, Verb.CALL, Verb.RECALL, Verb.ROOM, Verb.DISCHARGE, Verb.STEP_OUT, Verb.RETURN,
        Verb.LEFT, Verb.NO_SHOW, Verb.UNDO,
    }  # fmt: skip
    assert kinds[Verb.DISCHARGE] > 0.9 * kinds[Verb.CHECK_IN]


def test_a_room_holds_one_patient_at_a_time() -> None:
    held: dict[int, int] = {}
    for act in until(WEEK):
        if act.verb == Verb.CALL:
            assert act.room not in held.values()
            held[act.case] = act.room
        elif act.verb not in (Verb.RECALL, Verb.ROOM):
            held.pop(act.case, None)


def test_patients_are_invented_with_fictional_numbers() -> None:
    drawn = [people.draw(Random(n)) for n in range(300)]
    phones = {one.phone for one in drawn}
    assert all(not phone or (phone.startswith("+13195550") and len(phone) == 12) for phone in phones)
    assert len({(one.given_name, one.family_name, one.birth_date) for one in drawn}) == 300


@pytest.mark.parametrize("text", ["Mon 00:00", "Wed 13:37", "Sun 23:59"])
def test_moment_reads_what_it_writes(text: str) -> None:
    assert schedule.moment(schedule.parse_moment(text)) == text


@pytest.mark.parametrize("text", ["", "Mon", "Noday 08:00", "Mon 24:00", "Mon 8.30", "Mon 08:60", "Mon -1:00"])
def test_moment_refuses_nonsense(text: str) -> None:
    with pytest.raises(ValueError):
        schedule.parse_moment(text)


# --- The runner, through the real services ----------------------------------------------------------------------


class FakeTime:
    """A clock that only waiting moves on."""

    def __init__(self, end_at: float = math.inf) -> None:
        self.now, self.end_at = 100.0, end_at
        self.lines: list[str] = []

    def wait(self, seconds: float) -> bool:
        self.now += seconds
        return self.now >= self.end_at


def run(desks: list[Desk], acts: Iterator[Act], fake: FakeTime, speed: float = 60) -> runner.Tally:
    made = runner.Runner(desks, speed, wait=fake.wait, report=fake.lines.append, clock=lambda: fake.now)
    return made.run(acts, MONDAY_8)


@pytest.fixture
def clinic(db: None) -> Clinic:
    return seeding.make_clinic("Simulated", "sim-1", ["Room 1", "Room 2", "Room 3"])


@pytest.fixture
def user(db: None) -> User:
    return seeding.make_user("simulator")


@pytest.fixture
def desk(clinic: Clinic, user: User) -> Desk:
    return Desk(clinic, user, 60)


def test_runner_accounts_for_every_visit(clinic: Clinic, desk: Desk) -> None:
    planned = list(until(MONDAY_8 + 8 * HOUR, seed=3))
    tally = run([desk], iter(planned), FakeTime())
    states = Counter(Visit.objects.values_list("state", flat=True))
    assert tally.refused == 0
    assert tally.check_ins == sum(act.verb == Verb.CHECK_IN for act in planned) > 20
    assert tally.done == states[State.DISCHARGED] + states[State.LEFT] + states[State.NO_SHOW] > 15
    booked_in_vain = Visit.objects.filter(arrived_at=None).count()
    assert sum(states.values()) == tally.check_ins + booked_in_vain


def test_runner_leaves_as_many_in_each_state_as_the_schedule_says(clinic: Clinic, desk: Desk) -> None:
    planned = list(until(MONDAY_8 + 4 * HOUR, seed=11))
    run([desk], iter(planned), FakeTime())
    verbs = Counter(act.verb for act in planned)
    assert Visit.objects.filter(state=State.DISCHARGED).count() == verbs[Verb.DISCHARGE]
    assert Visit.objects.filter(state=State.ROOMED).count() == verbs[Verb.ROOM] - verbs[Verb.DISCHARGE]
    assert Visit.objects.filter(state=State.STEPPED_OUT).count() == verbs[Verb.STEP_OUT] - verbs[Verb.RETURN]


def test_runner_takes_the_simulated_time_divided_by_the_speed(clinic: Clinic, desk: Desk) -> None:
    fake = FakeTime()
    planned = list(until(MONDAY_8 + 2 * HOUR))
    run([desk], iter(planned), fake, speed=60)
    assert fake.now - 100 == pytest.approx((planned[-1].at - MONDAY_8) / 60)


def test_runner_shortens_the_night(desk: Desk) -> None:
    patient = people.draw(Random(1))
    acts = [Act(MONDAY_8 + 24 * HOUR, 0, Verb.CHECK_IN, 0, patient)]
    fake = FakeTime()
    run([desk], iter(acts), fake, speed=60)
    assert fake.now - 100 == pytest.approx(60)


def test_runner_reports_every_five_seconds(clinic: Clinic, desk: Desk) -> None:
    fake = FakeTime()
    run([desk], until(MONDAY_8 + 2 * HOUR), fake, speed=60)
    assert len(fake.lines) == pytest.approx(2 * 60 / runner.REPORT_SECONDS, abs=2)
    assert fake.lines[0].startswith("Mon 08:00  0 arrived")
    assert "waiting" in fake.lines[-1]


def test_runner_ends_between_two_acts_when_told_to(clinic: Clinic, desk: Desk) -> None:
    tally = run([desk], until(MONDAY_8 + 8 * HOUR), FakeTime(end_at=160))
    assert tally.seconds == pytest.approx(60, abs=1)
    assert MONDAY_8 < tally.at <= MONDAY_8 + HOUR
    assert Visit.objects.filter(arrived_at__isnull=False).count() == tally.check_ins > 0


def test_desk_lets_a_booked_patient_claim_the_booking(clinic: Clinic, desk: Desk) -> None:
    patient = people.draw(Random(1))
    assert desk.do(Act(0, 0, Verb.BOOK, 4, patient, booked_in=10 * MINUTE))
    booked = Visit.objects.get()
    assert booked.booked_for is not None
    assert booked.booked_for - timezone.now() <= timedelta(seconds=10)
    assert desk.do(Act(1, 0, Verb.CHECK_IN, 4, patient))
    assert Visit.objects.get().state == State.WAITING


def test_desk_goes_on_when_somebody_was_first(clinic: Clinic, desk: Desk, user: User) -> None:
    desk.do(Act(0, 0, Verb.CHECK_IN, 1, people.draw(Random(1))))
    services.call_next(clinic, by=Actor(user=user), room=clinic.rooms.all()[0])
    assert not desk.do(Act(1, 0, Verb.CALL, 2))
    assert not desk.do(Act(2, 0, Verb.ROOM, 2))
    assert Visit.objects.get().state == State.CALLED


def test_desk_clears_what_an_earlier_run_left(clinic: Clinic, desk: Desk) -> None:
    run([desk], until(MONDAY_8 + HOUR), FakeTime())
    assert Visit.objects.filter(state__in=OPEN).exists()
    desk.clear()
    assert not Visit.objects.filter(state__in=OPEN).exists()


def test_command_makes_its_clinics_and_says_how_it_ended(db: None, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("simulate", "--clinics=2", "--minutes=60", "--speed=inf")
    said = capsys.readouterr().err
    assert list(Clinic.objects.values_list("slug", flat=True)) == ["sim-1", "sim-2"]
    assert f"{Visit.objects.filter(arrived_at__isnull=False).count()} check-ins" in said.splitlines()[-1]


def test_command_works_at_an_existing_clinic_and_takes_nobody_away(db: None) -> None:
    harbor = make_clinic("harbor")
    before = make_visit(harbor)
    call_command("simulate", "--at=harbor", "--minutes=60", "--speed=inf")
    assert not Clinic.objects.filter(slug="sim-1").exists()
    assert Visit.objects.filter(clinic=harbor).count() > 1
    assert not before.events.filter(verb=Verb.ENTER_IN_ERROR).exists()


@pytest.mark.parametrize(
    "wrong", [["--speed=0"], ["--minutes=-1"], ["--clinics=0"], ["--at=nowhere"], ["--start=Someday"]]
)
def test_command_refuses_with_what_to_write(db: None, wrong: list[str]) -> None:
    with pytest.raises(CommandError):
        call_command("simulate", "--minutes=1", *wrong)
