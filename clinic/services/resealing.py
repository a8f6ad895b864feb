"""Seals anew what earlier keys have sealed, so that those can be let go."""

from __future__ import annotations

from typing import Any

from clinic import sealed
from clinic.models import Destination, PaperCodes, PhoneKey

# Each model, its sealed column, and the seal of it.
SEALED: list[tuple[Any, str, sealed.Seal]] = [
    (Destination, "sealed_secrets", sealed.DESTINATIONS),
    (PhoneKey, "sealed_key", sealed.SECOND_STEPS),
    (PaperCodes, "sealed_key", sealed.SECOND_STEPS),
]


def reseal() -> tuple[int, int]:
    """How many rows are sealed with the newest key now, and how many cannot be read by any that is known here."""
    done = lost = 0
    for model, column, seal in SEALED:
        for pk, text in model.objects.exclude(**{column: ""}).values_list("pk", column):
            try:
                anew = seal.renew(text)
            except sealed.Unreadable:
                lost += 1
                continue
            # Not one that somebody has set meanwhile: that is of the newest key.
            model.objects.filter(pk=pk, **{column: text}).update(**{column: anew})
            done += 1
    return done, lost
