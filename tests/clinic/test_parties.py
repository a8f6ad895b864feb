"""Who came together, and who answers for whom."""

from __future__ import annotations

from datetime import date

import pytest

from clinic import parties
from clinic.ages import age_on, is_child
from clinic.models import Clinic
from clinic.services import Actor, Answers, check_in_together
from tests.factories import answers, make_clinic, make_visit

DAY = date(2026, 4, 16)
GROWN, CHILD, BABY = date(1985, 4, 17), date(2018, 4, 17), date(2026, 4, 1)


@pytest.mark.parametrize(
    ("born", "years", "child"),
    [
        (date(2008, 4, 16), 18, False),
        (date(2008, 4, 17), 17, True),
        (date(2026, 4, 16), 0, True),
        (date(2008, 2, 29), 18, False),
    ],
)
def test_an_adult_is_one_from_the_eighteenth_birthday_on(born: date, years: int, child: bool) -> None:
    assert (age_on(born, DAY), is_child(born, DAY)) == (years, child)


@pytest.mark.parametrize(
    ("party", "answering"),
    [
        ([("Ana", GROWN, ""), ("Ola", CHILD, "")], ["", "Ana Miller"]),
        ([("Ola", CHILD, ""), ("Ana", GROWN, ""), ("Jan", GROWN, "")], ["Ana Miller", "", ""]),
        ([("Ola", CHILD, "Eva Larsen"), ("Ana", GROWN, "")], ["Eva Larsen", ""]),
        ([("Ola", CHILD, ""), ("Ewa", BABY, "")], ["", ""]),
        ([("Ana", GROWN, "Somebody Else")], [""]),
    ],
)
def test_the_named_adult_answers_for_a_child_else_the_first_adult_among_them(
    party: list[tuple[str, date, str]], answering: list[str]
) -> None:
    people = [answers(given, born=born, answered_by=by) for given, born, by in party]
    assert [one.answered_by for one in parties.answered_for(people, DAY)] == answering


@pytest.mark.django_db
def test_only_those_who_came_together_are_a_party() -> None:
    clinic = make_clinic()
    ana, ola = check_in_together(clinic, family("Ana", "Ola"), by=Actor())
    alone = make_visit(clinic)
    jan = make_visit(clinic, beside=ola)
    found = parties.together([ana, alone, ola, jan])
    all_three = [ana.pk, ola.pk, jan.pk]
    assert {pk: [one.pk for one in party] for pk, party in found.items()} == dict.fromkeys(all_three, all_three)


@pytest.mark.django_db
def test_what_is_left_of_a_party_is_one_alone() -> None:
    clinic = make_clinic()
    _ana, ola = check_in_together(clinic, family("Ana", "Ola"), by=Actor())
    assert parties.together([ola, make_visit(clinic)]) == {}


@pytest.mark.django_db
def test_adult_of_a_child_answers_for_the_next_child_too() -> None:
    clinic: Clinic = make_clinic()
    people = parties.answered_for([answers("Ana", born=GROWN), answers("Ola", born=CHILD)], DAY)
    ana, ola = check_in_together(clinic, people, by=Actor())
    assert [parties.adult_of(visit, DAY) for visit in (ana, ola)] == ["Ana Miller", "Ana Miller"]


def family(*names: str) -> list[Answers]:
    return [answers(name) for name in names]
