from __future__ import annotations

import pytest

from clinic import states
from clinic.states import ENDED, MOVES, ON_SITE, OPEN, REVERSIBLE, State, Verb


def test_every_state_is_reached_and_every_verb_but_undo_is_in_the_table() -> None:
    assert {target for moves in MOVES.values() for target in moves.values()} == set(State)
    assert set(MOVES) == set(Verb) - {Verb.UNDO}


def test_states_are_either_open_or_ended_and_who_is_on_site_is_open() -> None:
    assert set(State) == OPEN | ENDED
    assert not OPEN & ENDED
    assert {State.EXPECTED} == OPEN - ON_SITE


@pytest.mark.parametrize("state", sorted(ENDED))
def test_nothing_leads_out_of_an_ended_state(state: State) -> None:
    assert [verb for verb in MOVES if states.after(verb, state)] == []


@pytest.mark.parametrize(
    ("verb", "before", "after"),
    [
        (Verb.CHECK_IN, None, State.WAITING),
        (Verb.CHECK_IN, State.EXPECTED, State.WAITING),
        (Verb.CALL, State.WAITING, State.CALLED),
        (Verb.CALL, State.CALLED, None),
        (Verb.ROOM, State.WAITING, None),
        (Verb.NO_SHOW, State.WAITING, None),
        (Verb.LEFT, State.ROOMED, None),
        (Verb.DISCHARGE, State.ROOMED, State.DISCHARGED),
        (Verb.CONFIRM, State.ROOMED, State.ROOMED),
        (Verb.CANCEL, State.WAITING, None),
        (Verb.REBOOK, State.EXPECTED, State.EXPECTED),
        (Verb.REBOOK, State.WAITING, None),
    ],
)
def test_after_follows_the_table(verb: Verb, before: State | None, after: State | None) -> None:
    assert states.after(verb, before) == after


def test_only_what_can_be_taken_back_is_reversible() -> None:
    assert set(Verb) - REVERSIBLE == {
        Verb.BOOK,
        Verb.REBOOK,
        Verb.CHECK_IN,
        Verb.RECALL,
        Verb.ENTER_IN_ERROR,
        Verb.MORE_TIME,
        Verb.UNDO,
        Verb.ASK,
        Verb.KEEP,
    }
