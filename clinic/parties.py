"""People who came together: who answers for whom, and who belongs to whom."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from clinic.ages import is_child
from clinic.models import Visit
from clinic.services import Answers


def answered_for(people: Sequence[Answers], day: date) -> list[Answers]:
    """The same people, each child with the adult who answers: the one named, else the first adult among them."""
    adults = (f"{one.given_name} {one.family_name}".strip() for one in people if not is_child(one.birth_date, day))
    adult = next(adults, "")
    return [
        replace(one, answered_by=(one.answered_by or adult) if is_child(one.birth_date, day) else "")
        for one in people
    ]


def adult_of(visit: Visit, day: date) -> str:
    """Who answers for a child who comes with this patient: the patient, or who answers for them."""
    if is_child(visit.birth_date, day):
        return visit.answered_by
    return f"{visit.given_name} {visit.family_name}".strip()


def together(visits: Iterable[Visit]) -> dict[int, list[Visit]]:
    """By a visit's pk, those of `visits` who came together with it, itself among them; none for who came alone."""
    parties: dict[int, list[Visit]] = {}
    for visit in visits:
        parties.setdefault(visit.party_id or visit.pk, []).append(visit)
    return {visit.pk: party for party in parties.values() if len(party) > 1 for visit in party}
