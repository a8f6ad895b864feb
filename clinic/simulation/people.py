"""Invented patients. Any likeness is chance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
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
FIRST_BIRTH, LAST_BIRTH = date(1932, 1, 1).toordinal(), date(2024, 12, 31).toordinal()
LANES = {Lane.STANDARD: 78, Lane.QUICK: 12, Lane.PRIORITY: 9, Lane.IMMEDIATE: 1}
LANGUAGES = {"en": 4, "es": 1}
HAS_PHONE = 0.8


@dataclass(frozen=True)
class Patient:
    """What somebody says at the check-in, and the lane that the desk gives them."""

    given_name: str
    family_name: str
    birth_date: date
    phone: str
    reason: str
    language: str
    lane: Lane


def draw(rng: Random) -> Patient:
    """The next patient. Phone numbers are of the range kept for fiction."""
    return Patient(
        given_name=rng.choice(GIVEN),
        family_name=rng.choice(FAMILY),
        birth_date=date.fromordinal(rng.randint(FIRST_BIRTH, LAST_BIRTH)),
        phone=f"+1319555{rng.randint(100, 199):04}" if rng.random() < HAS_PHONE else "",
        reason=rng.choice(Reason.values),
        language=rng.choices(list(LANGUAGES), list(LANGUAGES.values()))[0],
        lane=rng.choices(list(LANES), list(LANES.values()))[0],
    )
