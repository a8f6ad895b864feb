"""Whoever looks at one patient's record is written down before anything of it is shown. Lists are no looks."""

from __future__ import annotations

from clinic import audit
from clinic.models import Visit
from clinic.services.actors import Actor


def note(visit: Visit, *, by: Actor, at: str) -> None:
    """Adds one look, each time that it is asked for. `at`: the page, in a word of ours."""
    audit.write(visit.clinic_id, "visit.look", by=by.who, of=("visit", visit.public_id), detail={"kind": at})
