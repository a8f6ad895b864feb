"""A few people who are easily taken for one another: writings of one name, twins, one without a first name."""

from __future__ import annotations

from datetime import date

from clinic.services import Answers
from tests.models.stays import Person

TWINS, OTHER = date(2019, 5, 6), date(1985, 4, 17)
PEOPLE = [
    Person("Zoë", "Núñez", OTHER, ("zoe", "nunez")),
    Person("ZOE", "nunez", OTHER, ("zoe", "nunez")),
    Person("Castor", "O'Brien", TWINS, ("castor", "obrien")),
    Person("Pollux", "OBrien", TWINS, ("pollux", "obrien")),
    Person("", "O'Brien", TWINS, ("", "obrien")),
    Person("castor", "O'Brien", OTHER, ("castor", "obrien")),
    Person("Bob", "Miller", OTHER, ("bob", "miller")),
]


def said_by(person: Person, claimed: bool) -> Answers:
    """What they answer at a kiosk; `claimed`: that they are booked."""
    return Answers(
        given_name=person.given_name,
        family_name=person.family_name,
        birth_date=person.birth_date,
        booked=claimed,
    )
