"""A card of the desk: its flags, its buttons, how long the wait is, and who a search finds."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinic import presenters
from clinic.models import Clinic, Visit
from clinic.presenters import DeskCard
from clinic.services import Actor, ask_for_help
from clinic.states import ENDED, State, Verb
from tests.clinic.conftest import Clock
from tests.factories import do, make_user, make_visit, make_visit_in

pytestmark = pytest.mark.django_db


def card_of(visit: Visit, **fields: Any) -> DeskCard:
    """The card of a visit that is stored with these fields."""
    Visit.objects.filter(pk=visit.pk).update(**fields)
    return next(card for card in presenters.desk_board(visit.clinic).cards if card.public_id == visit.public_id)


def flags_of(card: DeskCard) -> dict[str, str]:
    return {flag.kind: flag.words for flag in card.flags}


def test_each_flag_is_in_words(harbor: Clinic, clock: Clock) -> None:
    visit = make_visit(harbor, identity_checked=True)
    assert flags_of(card_of(visit)) == {}
    until = clock.at.replace(hour=16, minute=42) + timedelta(days=1)
    card = card_of(visit, red_flag=True, needs_help=True, not_before=until, language="es", identity_checked=False)
    assert list(flags_of(card).items()) == [
        ("red", "Red flag"),
        ("help", "Needs help"),
        ("time", f"Needs until {until.astimezone(harbor.zone):%-I:%M %p}"),
        ("language", "Spanish"),
        ("identity", "Identity not checked"),
    ]


def test_child_is_flagged_with_or_without_an_adult(harbor: Clinic) -> None:
    visit = make_visit(harbor, identity_checked=True)
    assert flags_of(card_of(visit, birth_date=date(2019, 4, 17))) == {"child": "Child, no adult named"}
    assert flags_of(card_of(visit, answered_by="Ana Miller")) == {"child": "Child"}


def test_time_asked_for_is_over_by_itself(harbor: Clinic, clock: Clock) -> None:
    visit, other = make_visit(harbor), make_visit(harbor)
    until = clock.at + timedelta(minutes=10)
    assert card_of(visit, not_before=until).needs_time
    board = presenters.desk_board(harbor)
    assert board.next_up and board.next_up.ticket == other.ticket
    clock.at = until
    board = presenters.desk_board(harbor)
    assert board.next_up and board.next_up.ticket == visit.ticket


@pytest.mark.parametrize("state", sorted(ENDED))
def test_who_is_gone_has_no_flags(harbor: Clinic, state: State) -> None:
    card = card_of(make_visit_in(harbor, state), red_flag=True, language="es")
    assert (card.flags, card.is_over) == ([], True)


def test_red_flag_moves_nobody_in_the_line(harbor: Clinic) -> None:
    first, second = make_visit(harbor), make_visit(harbor)
    card_of(second, red_flag=True)
    assert [card.ticket for card in presenters.desk_board(harbor).waiting] == [first.ticket, second.ticket]


@pytest.mark.parametrize(
    ("state", "minutes", "wait"),
    [
        (State.WAITING, 29, ""),
        (State.WAITING, 30, "long"),
        (State.WAITING, 59, "long"),
        (State.WAITING, 60, "very-long"),
        (State.CALLED, 61, "very-long"),
        (State.STEPPED_OUT, 31, "long"),
        (State.ROOMED, 90, ""),
    ],
)
def test_wait_is_long_from_half_an_hour_on(
    harbor: Clinic, clock: Clock, state: State, minutes: int, wait: str
) -> None:
    visit = make_visit_in(harbor, state)
    clock.add(minutes=minutes, seconds=1)
    assert card_of(visit).wait == wait


def test_one_button_is_the_main_one_unless_the_desk_is_asked(harbor: Clinic) -> None:
    visit = make_visit(harbor)
    card = card_of(visit)
    assert [name for name, _words in card.main] == ["call"]
    assert [name for name, _words in card.more] == ["step-out", "left", "confirm"]
    do(visit, Verb.ASK)
    assert [name for name, _words in card_of(visit).main] == ["keep", "call"]


@pytest.mark.parametrize(
    ("words", "is_found"),
    [
        ("", True),
        ("   ", True),
        ("nunez", True),
        ("NÚÑ", True),
        ("lukasz", True),
        ("ez luk", True),
        ("a10", True),
        ("10", True),
        ("lukasz smith", False),
        ("?!", True),
        ("zzz", False),
    ],
)
def test_search_folds_accents_and_takes_any_part(harbor: Clinic, words: str, is_found: bool) -> None:
    visit = make_visit(harbor, "Łukasz José", "Núñez")
    assert visit.ticket == "A10"
    assert card_of(visit).is_found(words) == is_found


def test_board_asks_the_database_as_often_for_forty_as_for_one_of_each(harbor: Clinic) -> None:
    ana = make_user("ana")
    asked = []
    for many in (1, 6):
        for state in (State.WAITING, State.CALLED, State.STEPPED_OUT, State.ROOMED, State.EXPECTED, State.LEFT):
            for _one in range(many):
                make_visit_in(harbor, state, by=Actor(user=ana))
        ask_for_help(harbor, None)
        with CaptureQueriesContext(connection) as queries:
            presenters.desk_board(harbor)
        asked.append(sum("clock_timestamp" not in query["sql"] for query in queries))
    assert asked == [8, 8]
