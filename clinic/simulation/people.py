"""Invented patients. Any likeness is chance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from clinic.models.visits import Reason
from clinic.states import Lane

# fmt: off
GIVEN = [
    "Aisha", "Alejandro", "Amina", "Ben", "Bao", "Carmen", "Chloe", "Daniel", "Diego", "Elena", "Emeka",
    "Fatima", "Grace", "Hana", "Hugo", "Inés", "Ivan", "James", "Joy", "Kofi", "Lucía", "Luis", "Maria",
    "Mei", "Mohamed", "Nadia", "Noah", "Olga", "Omar", "Priya", "Quinn", "Rosa", "Ruth", "Samuel",
    "Sofía", "Tariq", "Thu", "Uma", "Victor", "Wanda", "Xin", "Yusuf", "Zoe",
]
FAMILY = [
    "Abebe", "Adams", "Ahmed", "Baker", "Bauer", "Castillo", "Chen", "Clark", "Cruz", "Dang", "Davis",
    "Diaz", "Edwards", "Evans", "Flores", "Garcia", "Green", "Gupta", "Hall", "Haddad", "Hernández",
    "Ibrahim", "Jackson", "Jensen", "Johnson", "Kaur", "Kim", "King", "Kowalski", "Lee", "Lewis", "Lopez",
    "Martínez", "Miller", "Moore", "Morales", "Mwangi", "Nguyen", "Nuñez", "O'Brien", "Okafor", "Ortiz",
    "Park", "Patel", "Pérez", "Quiroz", "Ramirez", "Reed", "Rivera", "Rossi", "Sato", "Scott", "Silva",
    "Smith", "Tran", "Torres", "Turner", "Usman", "Vargas", "Walker", "Wang", "White", "Wong", "Xiong",
    "Young", "Zhang",
]
# fmt: on
LANES = {Lane.STANDARD: 78, Lane.QUICK: 12, Lane.PRIORITY: 9, Lane.IMMEDIATE: 1}
LANGUAGES = {"en": 4, "es": 1}
HAS_PHONE = 0.8
FAMILY_SHARE = 0.08
CHILDREN = {1: 55, 2: 30, 3: 15}
MEAN_PARTY = 1 + FAMILY_SHARE * sum(many * share for many, share in CHILDREN.items()) / sum(CHILDREN.values())
OLDEST, YOUNG_PARENT, OLD_PARENT, GROWN = 87, 22, 48, 15


@dataclass(frozen=True)
class Person:
    """What somebody says at the check-in, and the lane that the desk gives them."""

    given_name: str
    family_name: str
    birth_date: date
    phone: str
    reason: str
    language: str
    lane: Lane
    answered_by: str = ""


def draw_party(rng: Random, today: date) -> tuple[Person, ...]:
    """Those who come in together next: one person, or a parent with one to three children."""
    if rng.random() >= FAMILY_SHARE:
        return (draw(rng, today),)
    parent = draw(rng, today, youngest=YOUNG_PARENT, oldest=OLD_PARENT)
    many = rng.choices(list(CHILDREN), list(CHILDREN.values()))[0]
    names = rng.sample([name for name in GIVEN if name != parent.given_name], many)
    return (parent, *(_child(rng, today, parent, name) for name in names))


def draw(rng: Random, today: date, *, youngest: int = 1, oldest: int = OLDEST) -> Person:
    """The next one who comes alone; ages in years. Phone numbers are of the range kept for fiction."""
    return Person(
        given_name=rng.choice(GIVEN),
        family_name=rng.choice(FAMILY),
        birth_date=_born(rng, today, youngest, oldest),
        phone=f"+1319555{rng.randint(100, 199):04}" if rng.random() < HAS_PHONE else "",
        reason=rng.choice(Reason.values),
        language=rng.choices(list(LANGUAGES), list(LANGUAGES.values()))[0],
        lane=rng.choices(list(LANES), list(LANES.values()))[0],
    )


def _child(rng: Random, today: date, parent: Person, name: str) -> Person:
    return Person(
        given_name=name,
        family_name=parent.family_name,
        birth_date=_born(rng, today, 0, GROWN),
        phone=parent.phone,
        reason=rng.choice(Reason.values),
        language=parent.language,
        lane=parent.lane,
        answered_by=f"{parent.given_name} {parent.family_name}",
    )


def _born(rng: Random, today: date, youngest: int, oldest: int) -> date:
    return today - timedelta(days=rng.randint(youngest * 365 + 30, oldest * 365 + 30))
