"""The verdict over a soak finds each thing that can be lost."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from clinic.states import State
from tests.factories import make_clinic, make_user, make_visit, make_visit_in
from tests.soak import verdict
from tests.soak.book import Book, Press
from tests.soak.people import cards
from tests.soak.verdict import Truth


def body(status: str) -> str:
    return json.dumps(
        {"resources": [{"resourceType": "Patient"}, {"resourceType": "Encounter", "status": status}]}
    )


BEFORE = Truth(version=4, visits=[], board=[], events=[], deliveries=[])
NOW = Truth(
    version=6,
    visits=[["id-1", "Ada", "A10", "called"]],
    board=[["A10", "called"]],
    events=[[1, "id-1", 1, "check-in"], [2, "id-1", 2, "call"]],
    deliveries=[
        [1, "K1", "delivered", "webhook"],
        [1, "K2", "delivered", "hl7"],
        [1, "K3", "delivered", "fhir"],
        [2, "K4", "delivered", "webhook"],
        [2, "K5", "delivered", "fhir"],
    ],
    bodies=[["id-1", body("arrived")], ["id-1", body("arrived")], ["id-1", body("in-progress")]],
)
RECORDS: dict[str, Any] = {
    "received": [
        {"key": "K1", "times": 2, "same": True, "protocol": "webhook"},
        {"key": "K2", "times": 2, "same": True, "protocol": "hl7"},
        {"key": "K4", "times": 1, "same": True, "protocol": "webhook"},
        {"key": "Encounter of id-1", "times": 1, "same": True, "protocol": "fhir"},
    ],
    "statuses": {"id-1": {"Encounter": ["arrived", "in-progress"]}},
    "violations": [],
}


def book() -> Book:
    return Book(tried={"Ada", "Ben"}, tickets={"Ada": "A10"}, presses={Press("id-1", "call", "1")})


def found(now: Truth = NOW, said: Book | None = None, **records: Any) -> list[str]:
    return list(verdict.problems(said or book(), BEFORE, now, {**RECORDS, **records}))


def test_nothing_is_found_when_all_is_right() -> None:
    assert found() == []
    assert list(verdict.wrong_rows("it", [["A10", "called"]], NOW.board)) == []


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"visits": []}, "a check-in is lost: Ada was told A10, and has None"),
        ({"visits": [["id-1", "Ada", "A11", "called"]]}, "a check-in is lost: Ada was told A10, and has A11"),
        ({"visits": [*NOW.visits, ["id-2", "Ada", "A10", "waiting"]]}, "a visit is doubled: Ada has 2"),
        ({"version": 7}, "the version was raised 3 times for 2 events"),
        ({"version": 5}, "the version was raised 1 times for 2 events"),
        ({"events": [NOW.events[0], [2, "id-1", 3, "call"]]}, "the history of visit id-1 has a gap: [1, 3]"),
        ({"events": [NOW.events[0]], "version": 5}, "a move is lost: call of visit id-1: told 1, stored 0"),
        ({"deliveries": NOW.deliveries[:4]}, "event 2 owes no delivery by fhir"),
        ({"deliveries": [NOW.deliveries[0], *NOW.deliveries[2:]]}, "event 1 owes no delivery by hl7"),
        ({"deliveries": [[1, "K1", "pending", "webhook"], *NOW.deliveries[1:]]}, "K1 of event 1 is still pending"),
        ({"deliveries": [*NOW.deliveries, [2, "K6", "delivered", "hl7"]]}, "delivery K6 of event 2 never arrived"),
        ({"bodies": NOW.bodies[:1]}, "went through ['arrived', 'in-progress'], and not ['arrived']"),
    ],
)
def test_what_is_not_stored_as_told_is_found(changes: dict[str, Any], problem: str) -> None:
    assert any(problem in one for one in found(replace(NOW, **changes)))


def test_what_arrived_wrongly_is_found() -> None:
    first, second, third, _resource = RECORDS["received"]
    other = [{**first, "same": False}, second, third, {"key": "K9", "same": True, "protocol": "hl7"}]
    assert found(received=other) == [
        "delivery K1 of event 1 came again with another body",
        "delivery K9 arrived and is not stored",
    ]
    late = {"what": "out of order: 1 after 2", "protocol": "hl7", "visit": "id-1"}
    assert found(violations=[late]) == ["out of order: 1 after 2, by hl7: visit id-1"]
    assert found(said=Book(odd=["no ticket on the ticket page"])) == ["no ticket on the ticket page"]
    assert list(verdict.wrong_rows("it", [], NOW.board)) == ["it shows [], and not [['A10', 'called']]"]


def test_load_that_does_nothing_is_found() -> None:
    assert list(verdict.idle(book(), 3)) == []
    assert list(verdict.idle(Book(tickets={"Ada": "A10"}), 3)) == ["the load was idle: 0 moves in 3 kills"]
    assert len(list(verdict.idle(book(), 4))) == 2
    assert len(list(verdict.idle(Book(), 0))) == 2


@pytest.mark.django_db
def test_cards_of_the_desk_are_read(client: Client) -> None:
    """Of the page as it is: with a pattern that no longer fits, clerks would press nothing."""
    clinic = make_clinic()
    client.force_login(make_user("ana", clinic))
    waiting, called = make_visit(clinic), make_visit_in(clinic, State.CALLED)
    found = {card.ticket: card for card in cards(client.get("/desk/").content.decode())}
    assert set(found) == {waiting.ticket, called.ticket}
    card = found[waiting.ticket]
    assert (card.visit, card.state, card.seen) == (str(waiting.public_id), "waiting", "1")
    assert card.verbs["call"] == "Call" and "room" not in card.verbs
    assert set(card.rooms) >= set(card.free.split(",")) - {""} and card.rooms
    assert found[called.ticket].state == "called" and {"room", "recall"} <= set(found[called.ticket].verbs)
