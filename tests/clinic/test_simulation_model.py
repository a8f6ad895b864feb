"""How simulated people behave, with pretended clinics that answer them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from datetime import date, timedelta
from random import Random
from statistics import fmean
from uuid import UUID

import pytest

from clinic.simulation import Act, Done, Outcome, Plan, Run, Site, Word, group, parse_surge, rates, times
from clinic.simulation import people as invented
from clinic.simulation.people import Person
from clinic.simulation.times import HOUR
from clinic.states import OPEN, State, Verb
from tests.clinic.pretended import Pretended, played

DAY, WEEK_HOURS = 24.0, 168.0


@pytest.fixture(scope="module")
def month() -> tuple[list[Done], Run]:
    """Four weeks of a clinic of the usual size."""
    return played(Plan(tuple(group(1)), seed=7, begins=timedelta(0), hours=4 * WEEK_HOURS))


def test_all_who_come_are_as_many_as_the_data_say(month: tuple[list[Done], Run]) -> None:
    """Walk-ins, families and booked patients together, at half the level, in the twelve open hours."""
    _acts, run = month
    expected = 4 * sum(rate / 2 for hour, rate in enumerate(rates.observed()) if 8 <= hour % 24 < 20)
    assert run.tally.counts.arrivals == pytest.approx(expected, rel=0.08)


def test_a_surge_costs_patience() -> None:
    plain, crowded = (
        played(Plan(tuple(group(1)), seed=2, hours=7 * DAY, surges=given))[1].tally.counts
        for given in ((), tuple(parse_surge(f"{day} 09:00 6h 3x") for day in times.WEEKDAYS))
    )
    assert crowded.left / crowded.check_ins > 2 * plain.left / plain.check_ins


# --- What people do ---------------------------------------------------------------------------------------------


def test_acts_run_forward_in_time(month: tuple[list[Done], Run]) -> None:
    acts, run = month
    offsets = [done.at for done in acts]
    assert offsets == sorted(offsets)
    assert 0 <= offsets[0] < offsets[-1] < run.plan.seconds
    assert run.next_at is None
    with pytest.raises(IndexError):
        run.step()


def test_a_month_brings_every_kind_of_act(month: tuple[list[Done], Run]) -> None:
    """All but what the closing of a day asks, what schedules change, and what phones ask for."""
    untold = {Verb.ASK, Verb.KEEP, Verb.REBOOK, Verb.MORE_TIME}
    assert {done.act.verb for done in month[0] if done.outcome.is_done} == set(Verb) - untold


def test_people_err_as_often_as_people_do(month: tuple[list[Done], Run]) -> None:
    acts, run = month
    counts, verbs = run.tally.counts, Counter(done.act.verb for done in acts if done.outcome.is_done)
    shares = {
        "no-shows of bookings": (counts.no_shows / verbs[Verb.BOOK], 0.08, 0.2),
        "left of check-ins": (counts.left / counts.check_ins, 0.01, 0.08),
        "families of check-ins": (counts.families / counts.check_ins, 0.03, 0.1),
        "undone of calls": (counts.undone / counts.calls, 0.01, 0.06),
        "forgotten of check-ins": (counts.forgotten / counts.check_ins, 0.02, 0.1),
        "refused of all acts": (counts.refused / len(acts), 0.005, 0.06),
        "stepped out of check-ins": (verbs[Verb.STEP_OUT] / counts.check_ins, 0.005, 0.06),
    }
    assert {what: share for what, (share, low, high) in shares.items() if not low < share < high} == {}


def test_two_clerks_collide_and_one_alone_does_not() -> None:
    def collisions(clerks: int) -> int:
        acts, _run = played(Plan((Site(rooms=4, clerks=clerks, level=0.8),), seed=5, hours=3 * DAY))
        return sum(done.act.verb == Verb.CALL and not done.outcome.is_done for done in acts)

    assert collisions(1) == 0 < collisions(3)


def test_what_was_forgotten_is_put_right_after_half_an_hour_or_more(month: tuple[list[Done], Run]) -> None:
    last: dict[UUID, float] = {}
    waits = []
    for done in month[0]:
        for visit in done.outcome.visits:
            if done.act.tidies and done.act.verb in (Verb.ROOM, Verb.DISCHARGE):
                waits.append(done.at - last[visit])
            last[visit] = done.at
    assert len(waits) > 20
    assert min(waits) > 0.5 * HOUR


def test_a_room_holds_one_party_at_a_time() -> None:
    acts, _run = played(Plan(tuple(group(3)), seed=6, hours=2 * DAY))
    held: dict[UUID, tuple[int, int]] = {}
    for done in acts:
        place = (done.act.clinic, done.act.room)
        if done.act.verb == Verb.CALL and done.outcome.is_done:
            assert place not in held.values()
            held.update(dict.fromkeys(done.outcome.visits, place))
        elif done.act.verb in (Verb.DISCHARGE, Verb.LEFT, Verb.NO_SHOW, Verb.STEP_OUT, Verb.RETURN):
            for visit in done.outcome.visits:
                held.pop(visit, None)
        elif done.act.verb == Verb.UNDO:
            held = {visit: room for visit, room in held.items() if visit not in done.outcome.visits}
    assert sum(done.act.verb == Verb.CALL for done in acts) > 100


def test_everybody_has_gone_when_the_doors_have_long_been_shut() -> None:
    performer = Pretended()
    list(Run(Plan(tuple(group(1)), seed=8, begins=timedelta(0), hours=31.5), performer))
    left_over = Counter(state for state in performer.states.values() if state in OPEN)
    assert len(performer.states) > 40
    assert set(left_over) <= {State.EXPECTED}


class NothingUndone(Pretended):
    """Another move came between, each time."""

    def __call__(self, act: Act, at: float) -> Outcome:
        return Outcome(Word.LATE) if act.verb == Verb.UNDO else super().__call__(act, at)


def test_whoever_was_called_by_mistake_is_seen_when_it_cannot_be_undone() -> None:
    performer = NothingUndone()
    run = Run(Plan(tuple(group(1)), seed=8, begins=timedelta(0), hours=7 * DAY + 7.5), performer)
    vain = [done for done in run if done.act.verb == Verb.UNDO]
    assert len(vain) > 5
    assert set(performer.states.values()) & OPEN <= {State.EXPECTED}


# --- The same again ---------------------------------------------------------------------------------------------

DIGEST = """
import django
django.setup()
from clinic.simulation import Plan, Run, group
from tests.clinic.pretended import Pretended
run = Run(Plan(tuple(group(3)), seed=11, hours=12), Pretended())
list(run)
print(run.tally.digest)
"""


def test_the_digest_is_the_same_in_every_process() -> None:
    """With another order of all sets and hashes in each."""
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "clinic.settings"}
    command = [sys.executable, "-c", DIGEST]
    asked = [
        subprocess.run(command, env={**env, "PYTHONHASHSEED": seed}, capture_output=True, text=True, timeout=60)
        for seed in ("1", "2")
    ]
    here = played(Plan(tuple(group(3)), seed=11, hours=12))[1].tally.digest
    assert [done.stdout.strip() for done in asked] == [here, here], asked[0].stderr


def test_another_seed_surge_week_or_hour_is_another_digest() -> None:
    site = tuple(group(1))
    plans = [
        Plan(site, hours=6),
        Plan(site, hours=6, seed=2),
        Plan(site, hours=6, surges=(parse_surge("Mon 09:00 2h 3x"),)),
        Plan(site, hours=6, begins=timedelta(hours=9)),
        Plan(site, hours=5),
    ]
    assert len({played(plan)[1].tally.digest for plan in plans}) == len(plans)


def test_a_clinic_does_not_depend_on_the_others() -> None:
    def of_the_first(many: int) -> list[tuple[float, Verb, tuple[Person, ...], Word]]:
        acts, _run = played(Plan(tuple(group(many)), seed=9, hours=12))
        return [(d.at, d.act.verb, d.act.people, d.outcome.word) for d in acts if d.act.clinic == 0]

    assert of_the_first(1) == of_the_first(4)


# --- Who they are, when it is -----------------------------------------------------------------------------------


def test_patients_are_invented_with_fictional_numbers() -> None:
    drawn = [invented.draw(Random(n), date(2019, 1, 14)) for n in range(300)]
    phones = {one.phone for one in drawn}
    assert all(not phone or (phone.startswith("+13195550") and len(phone) == 12) for phone in phones)
    assert len({(one.given_name, one.family_name, one.birth_date) for one in drawn}) == 300
    assert all(date(1930, 1, 1) < one.birth_date < date(2018, 1, 14) for one in drawn)


def test_families_are_a_parent_who_answers_for_one_to_three_children() -> None:
    today = date(2019, 1, 14)
    parties = [invented.draw_party(Random(n), today) for n in range(2000)]
    families = [party for party in parties if len(party) > 1]
    assert fmean(len(party) for party in parties) == pytest.approx(invented.MEAN_PARTY, rel=0.05)
    assert {len(family) for family in families} == {2, 3, 4}
    for parent, *children in families:
        assert not parent.answered_by
        assert len({one.given_name for one in (parent, *children)}) == 1 + len(children)
        for child in children:
            assert (child.family_name, child.answered_by.split()[0]) == (parent.family_name, parent.given_name)
            assert parent.birth_date + timedelta(days=6 * 365) < child.birth_date < today


def test_a_group_has_twenty_different_clinics() -> None:
    sites = list(group(20))
    assert len({(site.rooms, site.level, site.zone.key) for site in sites}) == 20
    assert list(group(5)) == sites[:5]
