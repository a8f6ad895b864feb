from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest

from clinic.models import Clinic, Room, Visit, VisitEvent
from clinic.services import Actor, AlreadyDone, Refused, call_next, move, undo
from clinic.services.record import SNAPSHOT
from clinic.states import ENDED, MOVES, REVERSIBLE, Lane, State, Verb
from realtime.models import Topic
from tests.clinic.conftest import Clock
from tests.factories import do, make_booking, make_clinic, make_destination, make_visit, make_visit_in

pytestmark = pytest.mark.django_db

VERBS = [verb for verb in MOVES if verb not in (Verb.BOOK, Verb.REBOOK, Verb.CHECK_IN)]
LEGAL = [(verb, before) for verb in VERBS for before in State if before in MOVES[verb]]
ILLEGAL = [(verb, before) for verb in VERBS for before in State if before not in MOVES[verb]]
TIMES = {Verb.CALL: "called_at", Verb.RECALL: "called_at", Verb.ROOM: "roomed_at", Verb.STEP_OUT: "stepped_out_at"}


def stored(visit: Visit) -> dict[str, Any]:
    """What the database holds of what a move may change."""
    row = Visit.objects.get(pk=visit.pk)
    return {name: getattr(row, name) for name in SNAPSHOT}


def ready_for(clinic: Clinic, verb: Verb, state: State) -> Visit:
    """A visit in this state, and asked about before the answer."""
    visit = make_visit_in(clinic, state)
    if verb == Verb.KEEP:
        do(visit, Verb.ASK)
    return visit


@pytest.mark.parametrize(("verb", "before"), LEGAL)
def test_legal_move_changes_the_state_and_writes_one_event(
    harbor: Clinic, by_ana: Actor, clock: Clock, verb: Verb, before: State
) -> None:
    visit = ready_for(harbor, verb, before)
    clock.add(minutes=1)
    event = do(visit, verb, by=by_ana)
    after = MOVES[verb][before]
    assert (event.from_state, event.to_state, event.user, event.at) == (before, after, by_ana.user, clock.at)
    assert Visit.objects.get(pk=visit.pk).state == after
    if verb in TIMES:
        assert stored(visit)[TIMES[verb]] == clock.at
    assert (stored(visit)["ended_at"] == clock.at) is (after in ENDED)


@pytest.mark.parametrize(("verb", "before"), ILLEGAL)
def test_illegal_move_is_refused_and_leaves_no_trace(harbor: Clinic, verb: Verb, before: State) -> None:
    visit = make_visit_in(harbor, before)
    kept, events = stored(visit), visit.events.count()
    version = Topic.objects.get(pk=harbor.topic_id).version
    with pytest.raises(AlreadyDone):
        do(visit, verb)
    assert (stored(visit), visit.events.count()) == (kept, events)
    assert Topic.objects.get(pk=harbor.topic_id).version == version


@pytest.mark.parametrize("verb", [Verb.BOOK, Verb.REBOOK, Verb.CHECK_IN, Verb.UNDO])
def test_verb_with_a_service_of_its_own_is_no_move(harbor: Clinic, verb: Verb) -> None:
    visit = make_visit_in(harbor, State.EXPECTED)
    with pytest.raises(ValueError, match="service of its own"):
        do(visit, verb)


def test_events_of_a_whole_visit_chain_without_a_gap(harbor: Clinic, clock: Clock) -> None:
    visit = make_booking(harbor, clock.at)
    make_visit(harbor)
    way = [Verb.NO_SHOW, None, Verb.CONFIRM, Verb.ENTER_IN_ERROR]
    for verb in way:
        # A server whose clock is behind must not turn the history around.
        clock.add(seconds=-30)
        do(visit, verb) if verb else undo(harbor, visit.public_id, by=Actor())
    events = list(visit.events.order_by("sequence"))
    assert [event.sequence for event in events] == [1, 2, 3, 4, 5]
    assert [event.from_state for event in events] == ["", *[event.to_state for event in events[:-1]]]
    assert [event.at for event in events] == sorted(event.at for event in events)


def test_each_move_raises_the_version_by_one_and_owes_one_delivery(harbor: Clinic) -> None:
    make_destination(harbor)
    visit = make_visit(harbor)
    for number, verb in enumerate([Verb.CALL, Verb.RECALL, Verb.ROOM, Verb.DISCHARGE], start=3):
        do(visit, verb)
        assert Topic.objects.get(pk=harbor.topic_id).version == number
        assert visit.deliveries.count() == number - 1


def test_calls_are_counted_and_the_room_is_kept_while_called(harbor: Clinic, room: Room) -> None:
    visit = make_visit(harbor)
    do(visit, Verb.CALL, room=room)
    do(visit, Verb.RECALL)
    assert (stored(visit)["calls"], stored(visit)["room_id"]) == (2, room.pk)
    do(visit, Verb.RETURN)
    assert (stored(visit)["calls"], stored(visit)["room_id"]) == (2, None)


@pytest.mark.parametrize("verb", [Verb.CALL, Verb.ROOM])
def test_room_of_another_clinic_or_none_is_refused(harbor: Clinic, verb: Verb) -> None:
    visit = make_visit(harbor)
    foreign = make_clinic("inland").rooms.first()
    if verb == Verb.ROOM:
        do(visit, Verb.CALL)
    with pytest.raises(Refused, match="room"):
        do(visit, verb, room=foreign)
    visit = make_visit(harbor)
    with pytest.raises(Refused, match="room"):
        do(visit, Verb.CALL, room=None)


def test_room_that_was_deleted_since_is_refused(harbor: Clinic, room: Room) -> None:
    visit = make_visit(harbor)
    Room.objects.filter(pk=room.pk).delete()
    with pytest.raises(Refused, match="room"):
        do(visit, Verb.CALL, room=room)


def test_move_of_another_clinics_visit_does_not_find_it(harbor: Clinic, room: Room) -> None:
    visit = make_visit(make_clinic("inland"))
    with pytest.raises(Visit.DoesNotExist):
        move(harbor, visit.public_id, Verb.CALL, by=Actor(), room=room)
    with pytest.raises(Visit.DoesNotExist):
        undo(harbor, visit.public_id, by=Actor())


def test_who_comes_second_is_told_who_was_first(harbor: Clinic, by_ana: Actor, by_ben: Actor) -> None:
    visit = make_visit(harbor)
    do(visit, Verb.CALL, by=by_ana)
    # What came after the call does not hide who called.
    do(visit, Verb.CONFIRM, by=by_ben)
    with pytest.raises(AlreadyDone, match="A10: already called by Ana"):
        do(visit, Verb.CALL, by=by_ben)
    with pytest.raises(AlreadyDone, match=r"A10: you were there already \(Call\)"):
        do(visit, Verb.CALL, by=by_ana)
    with pytest.raises(AlreadyDone, match=r"A10: Ben was first \(Identity checked\)"):
        do(visit, Verb.CONFIRM, by=by_ana)


def test_double_tap_makes_one_move(harbor: Clinic, by_ana: Actor) -> None:
    visit, key = make_visit(harbor), uuid.uuid4()
    do(visit, Verb.CALL)
    first = do(visit, Verb.RECALL, by=by_ana, key=key)
    assert do(visit, Verb.RECALL, by=by_ana, key=key) == first
    assert stored(visit)["calls"] == 2


def test_double_tap_on_call_next_calls_one(harbor: Clinic, room: Room) -> None:
    make_visit(harbor), make_visit(harbor)
    key = uuid.uuid4()
    events = {call_next(harbor, by=Actor(), room=room, key=key) for _n in range(3)}
    assert len(events) == 1
    assert Visit.objects.of(harbor).in_line().count() == 1


def test_key_of_another_visit_or_clinic_does_not_stop_a_move(harbor: Clinic, room: Room) -> None:
    key, inland = uuid.uuid4(), make_clinic("inland")
    first, second, foreign = make_visit(harbor), make_visit(harbor), make_visit(inland)
    done = [do(visit, Verb.CALL, key=key) for visit in (first, second, foreign)]
    assert [event.visit_id for event in done] == [first.pk, second.pk, foreign.pk]


def test_key_of_another_clinic_does_not_stop_call_next(harbor: Clinic, room: Room) -> None:
    key, visit = uuid.uuid4(), make_visit(harbor)
    do(make_visit(make_clinic("inland")), Verb.CALL, key=key)
    assert call_next(harbor, by=Actor(), room=room, key=key).visit == visit


def test_call_next_with_nobody_waiting_is_refused(harbor: Clinic, room: Room) -> None:
    make_visit_in(harbor, State.CALLED)
    with pytest.raises(Refused, match="Nobody"):
        call_next(harbor, by=Actor(), room=room)


@pytest.mark.parametrize("reason", ["", "  ", "\x00\n"])
def test_entered_in_error_needs_a_reason(harbor: Clinic, reason: str) -> None:
    with pytest.raises(Refused, match="Say why"):
        do(make_visit(harbor), Verb.ENTER_IN_ERROR, reason=reason)


def test_reason_is_kept_without_control_characters_and_cut(harbor: Clinic) -> None:
    event = do(make_visit(harbor), Verb.ENTER_IN_ERROR, reason="two\x00\nvisits " + "x" * 300)
    assert VisitEvent.objects.get(pk=event.pk).reason == ("two visits " + "x" * 300)[:200]


def test_change_of_lane_moves_the_place_by_the_head_start(harbor: Clinic, clock: Clock) -> None:
    visit = make_visit(harbor)
    do(visit, Verb.MOVE, lane=Lane.PRIORITY)
    assert stored(visit)["order_key"] == clock.at - timedelta(minutes=45)
    do(visit, Verb.MOVE, lane=Lane.STANDARD)
    assert (stored(visit)["order_key"], stored(visit)["lane"]) == (clock.at, "standard")
    with pytest.raises(Refused, match="lane"):
        do(visit, Verb.MOVE, lane=None)


@pytest.mark.parametrize(("verb", "before"), [pair for pair in LEGAL if pair[0] in REVERSIBLE])
def test_undo_restores_everything_and_names_what_it_reverses(
    harbor: Clinic, by_ben: Actor, clock: Clock, verb: Verb, before: State
) -> None:
    visit = make_visit_in(harbor, before)
    kept = stored(visit)
    clock.add(minutes=5)
    undone = do(visit, verb)
    clock.add(minutes=5)
    event = undo(harbor, visit.public_id, by=by_ben, seen=undone.sequence)
    assert stored(visit) == kept
    assert (event.verb, event.reverses, event.user) == (Verb.UNDO, undone, by_ben.user)
    assert (event.from_state, event.to_state, event.sequence) == (
        undone.to_state,
        undone.from_state,
        undone.sequence + 1,
    )


@pytest.mark.parametrize(("verb", "before"), [pair for pair in LEGAL if pair[0] not in REVERSIBLE])
def test_undo_of_what_cannot_be_taken_back_is_refused(harbor: Clinic, verb: Verb, before: State) -> None:
    visit = ready_for(harbor, verb, before)
    do(visit, verb)
    with pytest.raises(Refused, match="nothing to undo"):
        undo(harbor, visit.public_id, by=Actor())


def test_undo_twice_is_refused_but_its_double_tap_is_not(harbor: Clinic) -> None:
    visit, key = make_visit_in(harbor, State.CALLED), uuid.uuid4()
    first = undo(harbor, visit.public_id, by=Actor(), seen=2, key=key)
    assert undo(harbor, visit.public_id, by=Actor(), seen=2, key=key) == first
    with pytest.raises(Refused, match="nothing to undo"):
        undo(harbor, visit.public_id, by=Actor())


@pytest.mark.parametrize(("seconds", "is_late"), [(600, False), (601, True)])
def test_undo_is_offered_for_ten_minutes(harbor: Clinic, clock: Clock, seconds: int, is_late: bool) -> None:
    visit = make_visit_in(harbor, State.CALLED)
    clock.add(seconds=seconds)
    if is_late:
        with pytest.raises(Refused, match="nothing to undo"):
            undo(harbor, visit.public_id, by=Actor())
    else:
        assert undo(harbor, visit.public_id, by=Actor()).to_state == State.WAITING


def test_undo_does_not_reverse_a_move_that_its_clerk_has_not_seen(
    harbor: Clinic, by_ana: Actor, by_ben: Actor
) -> None:
    visit = make_visit(harbor)
    seen = do(visit, Verb.CALL, by=by_ana)
    do(visit, Verb.CONFIRM, by=by_ben)
    with pytest.raises(AlreadyDone, match=r"Ben was first \(Identity checked\)"):
        undo(harbor, visit.public_id, by=by_ana, seen=seen.sequence)
    assert stored(visit)["state"] == State.CALLED


def test_undo_into_a_room_that_is_gone_is_refused(harbor: Clinic, room: Room) -> None:
    visit = make_visit(harbor)
    do(visit, Verb.CALL, room=room)
    do(visit, Verb.RETURN)
    room.delete()
    with pytest.raises(Refused, match="room is gone"):
        undo(harbor, visit.public_id, by=Actor())


def test_call_again_after_an_undone_call_is_legal(harbor: Clinic) -> None:
    visit = make_visit_in(harbor, State.CALLED)
    undo(harbor, visit.public_id, by=Actor())
    do(visit, Verb.CALL)
    assert (stored(visit)["state"], stored(visit)["calls"]) == (State.CALLED, 1)


def test_call_next_refuses_a_room_that_was_free_a_moment_ago(harbor: Clinic, by_ana: Actor, by_ben: Actor) -> None:
    first, _second = make_visit(harbor), make_visit(harbor)
    room = harbor.rooms.all()[0]
    call_next(harbor, by=by_ana, room=room, seen_free=True)
    with pytest.raises(Refused, match=f"{room} was just taken by {first}: choose another one"):
        call_next(harbor, by=by_ben, room=room, seen_free=True)
    assert call_next(harbor, by=by_ben, room=room).visit.room == room
