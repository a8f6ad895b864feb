"""What becomes of open visits at closing time and at the day's end; in Chicago, where the doors close at 6 PM."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from clinic.models import Clinic, Delivery, OpeningHours, Visit, VisitEvent
from clinic.services import Actor, AlreadyDone, Refused, closing, move, moves, undo
from clinic.services.closing import resolve_open_visits
from clinic.states import OPEN, State, Verb
from realtime.models import Topic
from tests.clinic.conftest import Clock
from tests.factories import do, make_booking, make_destination, make_visit, make_visit_in

pytestmark = pytest.mark.usefixtures("no_redis")
SIX_PM = datetime(2026, 2, 3, 0, 0, tzinfo=UTC)
FOUR_AM = datetime(2026, 2, 3, 10, 0, tzinfo=UTC)


@pytest.fixture
def office(harbor: Clinic, clock: Clock) -> Clinic:
    """Open on weekdays; it is Monday, an hour before closing."""
    for weekday in range(5):
        OpeningHours.objects.create(clinic=harbor, weekday=weekday, opens=time(8), closes=time(18))
    clock.at = SIX_PM - timedelta(hours=1)
    return harbor


def run(clock: Clock, at: datetime) -> int:
    clock.at = at
    return resolve_open_visits()


def history(visit: Visit) -> list[tuple[str, datetime]]:
    """What the system did to a visit, and when."""
    events = visit.events.filter(user=None, device=None, at__gte=SIX_PM).order_by("sequence")
    return [(event.verb, event.at) for event in events]


def after(minutes: float) -> datetime:
    return SIX_PM + timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("state", "verb"),
    [
        (State.EXPECTED, "no-show"),
        (State.WAITING, "left"),
        (State.CALLED, "no-show"),
        (State.STEPPED_OUT, "left"),
        (State.ROOMED, "discharge"),
    ],
)
def test_open_visit_is_asked_about_at_closing_time_and_closed_half_an_hour_later(
    office: Clinic, clock: Clock, state: State, verb: str
) -> None:
    visit = make_visit_in(office, state)
    done = [run(clock, after(minutes)) for minutes in (-1, 0, 1, 29, 30, 31, 60)]
    assert done == [0, 1, 0, 0, 1, 0, 0]
    assert history(visit) == [("ask", after(0)), (verb, after(30))]
    last = visit.events.latest("sequence")
    assert (last.reason, last.user, last.device) == (
        "Closing time: nobody answered for 30 minutes", None, None,
    )  # fmt: skip
    visit.refresh_from_db()
    assert visit.state not in OPEN and visit.ended_at == after(30)


def test_called_patients_have_left_where_the_clinic_says_so(office: Clinic, clock: Clock) -> None:
    Clinic.objects.update(unanswered_call=State.LEFT)
    visit = make_visit_in(office, State.CALLED)
    run(clock, after(0)), run(clock, after(30))
    assert [verb for verb, _at in history(visit)] == ["ask", "left"]


def test_clinic_that_only_asks_closes_nothing_and_asks_once(office: Clinic, clock: Clock) -> None:
    Clinic.objects.update(close_after_minutes=None)
    visit = make_visit(office)
    assert [run(clock, after(minutes)) for minutes in (0, 30, 600, 6000)] == [1, 0, 0, 0]
    assert history(visit) == [("ask", after(0))]


def test_break_is_no_closing(office: Clinic, clock: Clock) -> None:
    OpeningHours.objects.filter(weekday=0).update(closes=time(17))
    OpeningHours.objects.create(clinic=office, weekday=0, opens=time(18, 29), closes=time(20))
    make_visit(office)
    assert [run(clock, after(minutes)) for minutes in (0, 20, 28)] == [0, 0, 0]
    assert run(clock, after(120)) == 1


@pytest.mark.parametrize("act", [Verb.KEEP, Verb.CALL, Verb.CONFIRM])
def test_whatever_the_desk_does_is_an_answer_until_the_days_end(
    office: Clinic, clock: Clock, by_ana: Actor, act: Verb
) -> None:
    visit = make_visit(office)
    run(clock, after(0))
    clock.at = after(5)
    do(visit, act, by=by_ana)
    assert sum(run(clock, after(minutes)) for minutes in range(6, 600, 27)) == 0
    assert run(clock, FOUR_AM) == 1
    last = visit.events.latest("sequence")
    assert (last.verb, last.reason) == (Verb.ASK, "End of the day")


def test_question_after_a_keep_is_put_off_for_an_hour(office: Clinic, clock: Clock, by_ana: Actor) -> None:
    visit = make_visit(office)
    run(clock, after(0))
    clock.at = FOUR_AM - timedelta(minutes=25)
    do(visit, Verb.KEEP, by=by_ana)
    assert [run(clock, FOUR_AM + timedelta(minutes=minutes)) for minutes in (0, 34, 35)] == [0, 0, 1]


def test_kept_visit_is_asked_about_again_at_the_next_closing(office: Clinic, clock: Clock, by_ana: Actor) -> None:
    visit = make_visit(office)
    for at in (SIX_PM, FOUR_AM, SIX_PM + timedelta(days=1)):
        assert run(clock, at) == 1
        clock.add(minutes=5)
        do(visit, Verb.KEEP, by=by_ana)
        assert run(clock, clock.at) == 0
    assert [verb for verb, _at in history(visit)] == ["ask"] * 3


def test_still_here_is_said_once_to_one_who_asked(
    office: Clinic, clock: Clock, by_ana: Actor, by_ben: Actor
) -> None:
    visit = make_visit(office)
    with pytest.raises(AlreadyDone):
        do(visit, Verb.KEEP, by=by_ana)
    run(clock, after(0))
    do(visit, Verb.KEEP, by=by_ana)
    for by, who in ((by_ben, "Ana was first"), (by_ana, "you were there already")):
        with pytest.raises(AlreadyDone, match=rf"{visit.ticket}: {who} \(Still here\)"):
            do(visit, Verb.KEEP, by=by)
    assert [event.verb for event in visit.events.order_by("sequence")] == ["check-in", "ask", "keep"]


def test_who_comes_after_closing_time_is_not_asked_about_before_the_days_end(office: Clinic, clock: Clock) -> None:
    clock.at = after(1)
    visit = make_visit(office)
    assert sum(run(clock, after(minutes)) for minutes in range(2, 590, 20)) == 0
    assert run(clock, FOUR_AM) == 1
    assert history(visit)[-1] == ("ask", FOUR_AM)


def test_booking_to_come_is_left_alone(office: Clinic, clock: Clock) -> None:
    evening, tomorrow = make_booking(office, after(1)), make_booking(office, after(60 * 16), "Eve")
    assert run(clock, after(0)) == 0
    assert run(clock, FOUR_AM) == 1
    assert (history(evening), history(tomorrow)) == ([("ask", FOUR_AM)], [])


def test_booked_patient_who_may_still_come_in_time_is_asked_about_later(harbor: Clinic, clock: Clock) -> None:
    clock.at = SIX_PM
    late, never = (make_booking(harbor, FOUR_AM - timedelta(minutes=10), name) for name in ("Bob", "Eve"))
    assert sum(run(clock, FOUR_AM + timedelta(minutes=minutes)) for minutes in (0, 20, 40, 45)) == 0
    here = make_visit(harbor, "Bob")
    assert (here.pk, here.order_key) == (late.pk, late.booked_for)
    assert [run(clock, FOUR_AM + timedelta(minutes=minutes)) for minutes in (49, 50, 51, 79, 80)] == [
        0,
        1,
        0,
        0,
        1,
    ]
    assert [verb for verb, _at in history(never)][-2:] == ["ask", "no-show"]


def test_who_checks_in_again_has_answered(harbor: Clinic, clock: Clock) -> None:
    clock.at = FOUR_AM - timedelta(minutes=10)
    visit = make_visit(harbor, "Bob")
    run(clock, FOUR_AM)
    clock.add(minutes=10)
    assert [make_visit(harbor, "Bob").pk for _tap in range(2)] == [visit.pk] * 2
    assert [event.verb for event in visit.events.order_by("sequence")] == ["check-in", "ask", "keep"]
    assert run(clock, FOUR_AM + timedelta(minutes=30)) == 0


def test_undo_of_what_the_system_closed_stands_until_the_days_end(
    office: Clinic, clock: Clock, by_ana: Actor
) -> None:
    visit = make_visit(office)
    run(clock, after(0)), run(clock, after(30))
    clock.at = after(35)
    undo(office, visit.public_id, by=by_ana)
    assert sum(run(clock, after(minutes)) for minutes in range(36, 590, 20)) == 0
    visit.refresh_from_db()
    assert visit.state == State.WAITING
    assert run(clock, FOUR_AM) == 1


def test_question_itself_cannot_be_undone(office: Clinic, clock: Clock, by_ana: Actor) -> None:
    visit = make_visit(office)
    run(clock, after(0))
    with pytest.raises(Refused, match="nothing to undo"):
        undo(office, visit.public_id, by=by_ana)


def test_question_waits_until_the_last_move_can_be_undone_no_more(
    office: Clinic, clock: Clock, by_ana: Actor
) -> None:
    undone, called = make_visit(office), make_visit(office)
    clock.at = after(-1)
    events = [do(visit, Verb.CALL, by=by_ana) for visit in (undone, called)]
    assert [run(clock, after(minutes)) for minutes in (0, 5)] == [0, 0]
    undo(office, undone.public_id, by=by_ana, seen=events[0].sequence)
    assert [run(clock, after(minutes)) for minutes in (6, 9, 10, 11)] == [0, 0, 1, 0]
    assert history(called) == [("ask", after(10))]


def test_clinic_open_at_all_hours_asks_at_the_days_end_only(harbor: Clinic, clock: Clock) -> None:
    clock.at = SIX_PM
    visits = [make_visit_in(harbor, state) for state in sorted(OPEN)]
    assert sum(run(clock, after(minutes)) for minutes in range(0, 600, 30)) == 0
    assert run(clock, FOUR_AM) == len(visits)
    today = make_visit(harbor)
    assert run(clock, FOUR_AM + timedelta(minutes=30)) == len(visits)
    assert not VisitEvent.objects.filter(verb=Verb.ASK, visit=today).exists()
    assert set(harbor.visits.filter(state__in=OPEN)) == {today}


def test_cron_that_was_down_for_a_night_asks_first_and_once(office: Clinic, clock: Clock) -> None:
    visit = make_visit(office)
    morning = FOUR_AM + timedelta(hours=5)
    assert [run(clock, morning + timedelta(minutes=minutes)) for minutes in (0, 1, 29, 30, 31)] == [1, 0, 0, 1, 0]
    assert history(visit) == [("ask", morning), ("left", morning + timedelta(minutes=30))]


def test_questions_are_told_to_screens_and_to_no_other_system(office: Clinic, clock: Clock, by_ana: Actor) -> None:
    make_destination(office)
    kept, left = make_visit(office), make_visit(office)
    sent, version = Delivery.objects.count(), Topic.objects.get(pk=office.topic_id).version
    run(clock, after(0))
    do(kept, Verb.KEEP, by=by_ana)
    assert Delivery.objects.count() == sent
    assert Topic.objects.get(pk=office.topic_id).version == version + 3
    run(clock, after(30))
    assert [
        delivery.visit for delivery in Delivery.objects.order_by("-pk")[: Delivery.objects.count() - sent]
    ] == [left]


def test_kill_in_the_middle_leaves_whole_batches_and_the_rest_for_the_next_run(
    office: Clinic, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    visits, made = [make_visit(office) for _n in range(7)], 0

    def killed_at_the_fifth(*words: Any, **more: Any) -> VisitEvent:
        nonlocal made
        made += 1
        if made == 5:
            raise KeyboardInterrupt
        return move(*words, **more)

    monkeypatch.setattr(closing, "BATCH", 3)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(moves, "move", killed_at_the_fifth)
        run(clock, after(0))
    assert VisitEvent.objects.filter(verb=Verb.ASK).count() == 3
    assert run(clock, after(1)) == 4
    assert [visit.events.filter(verb=Verb.ASK).count() for visit in visits] == [1] * 7


def test_ticket_of_a_visit_that_may_be_brought_back_is_not_given_again(harbor: Clinic, clock: Clock) -> None:
    clock.at = FOUR_AM - timedelta(hours=1)
    old = make_visit(harbor)
    run(clock, FOUR_AM), run(clock, FOUR_AM + timedelta(minutes=30))
    clock.add(minutes=9)
    new = make_visit(harbor)
    undo(harbor, old.public_id, by=Actor())
    assert (old.ticket, new.ticket) == ("A10", "A11")
