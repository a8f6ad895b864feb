"""Who plays in a drill: the clinics, their simulated patients, their record systems and their screens."""

from __future__ import annotations

import json
from pathlib import Path

from clinic.models import Destination, Device
from clinic.models.people import digest
from clinic.sealed import Secrets, seal
from clinic.simulation import Desk, Desks, Plan, desk_for, group, parse_moment

CLINICS, SCREENS = 6, 3
SEED = 7
BEGINS = "Mon 10:00"
# Simulated seconds in one: about one change a second in all.
SPEED = 20.0


def plan(seconds: float) -> Plan:
    """The same patients each time, for so many real seconds."""
    return Plan(tuple(group(CLINICS)), seed=SEED, begins=parse_moment(BEGINS), hours=seconds * SPEED / 3600)


def desks() -> Desks:
    """Real check-ins in real time, at clinics whose doors are open."""
    whole = plan(1.0)
    return Desks(whole, _desks(whole), virtual=False, speed=SPEED)


def make(screens: Path) -> None:
    """The clinics and their screens, in an empty database. Writes `[[topic, token], ...]`, one a screen."""
    found = []
    for desk in _desks(plan(1.0)):
        for number in range(SCREENS):
            token = f"{desk.clinic.slug}-screen-{number}"
            row = {"name": f"Screen {number}", "token_hash": digest(token)}
            Device.objects.create(clinic=desk.clinic, kind=Device.Kind.MONITOR, **row)
            found.append([desk.clinic.topic.name, token])
    screens.write_text(json.dumps(found))


def connect(url: str, secret: str) -> None:
    """Every clinic's record system is at this address from now on."""
    for desk in _desks(plan(1.0)):
        Destination.objects.update_or_create(
            clinic=desk.clinic,
            name="Record system",
            defaults={"url": url, "sealed_secrets": seal(Secrets(signing=(secret,)))},
        )


def _desks(whole: Plan) -> list[Desk]:
    return [desk_for(number, site, is_always_open=True) for number, site in enumerate(whole.sites, 1)]
