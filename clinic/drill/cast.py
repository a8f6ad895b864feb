"""Who plays in a drill: the clinics, their simulated patients, their record systems and their screens."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import cycle
from pathlib import Path

from clinic.digests import digest
from clinic.models import Destination, Device
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


def connect(addresses: Mapping[str, str], secret: str) -> None:
    """Each clinic's record system is at the address of its kind from now on. `addresses`: kind to address."""
    sealed = seal(Secrets(signing=(secret,), token=secret))
    for desk, (kind, url) in zip(_desks(plan(1.0)), cycle(addresses.items()), strict=False):
        where = {"kind": kind, "url": url, "sealed_secrets": sealed}
        Destination.objects.update_or_create(clinic=desk.clinic, name="Record system", defaults=where)


def _desks(whole: Plan) -> list[Desk]:
    return [desk_for(number, site, is_always_open=True) for number, site in enumerate(whole.sites, 1)]
