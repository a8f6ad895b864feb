"""Whose rows an answer changed, and whose rows somebody may change at all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.contrib.auth.models import User

from clinic.models.audit import SYSTEM
from tests.input.wire import Request
from tests.input.world import World

# How a row leads to its clinic; what all clinics share leads to none.
OWNER = {
    "Clinic": "pk",
    "Topic": "clinic__pk",
    "VisitEvent": "visit__clinic",
    "Delivery": "visit__clinic",
    "EngineEvent": "destination__clinic",
    "RemoteRecord": "destination__clinic",
    "DeviceReport": "device__clinic",
    "AuditChain": "pk",
    "AuditEvent": "chain",
}
# How a row leads to its person, whatever their clinic.
PERSON = {"StaffSession": "user_id", "PhoneKey": "user", "PaperCodes": "user"}
SHARED = None
# Log-ins of which the half is done.
NOBODYS = "nobody's"
SESSIONS = "clinic_staffsession"
AUDIT = {"clinic_auditevent", "clinic_auditchain"}
TRIES = {"axes_accessattempt", "axes_accessattemptexpiration", "axes_accessfailurelog"}
# They look, or have no rights, or have them no more.
WRITES_NOTHING = {
    "nobody", "monitor", "revoked", "somebody who left", "somebody locked out", "browser with a code", "auditor",
    "somebody half in", "somebody without a code",
}  # fmt: skip
WRITES_THEIRS = {"clerk of the other clinic"}
WRITES_ALL = {"superuser"}
WRITES_SHARED = {"ops"}
# Every browser may ask to be paired or let in, a patient has a link, and in a demo everybody may flip the switch.
FREE = {
    "/pair/": {"clinic_pairing"},
    "/desk/devices/pair/": {"clinic_pairing", "clinic_wrongcode"},
    "/v/": {"clinic_visit", "clinic_visitevent", "clinic_delivery", "realtime_topic", *AUDIT},
    "/demo/switch/": {"realtime_switch", "realtime_switchevent", *AUDIT},
    "/demo/log-in/": {SESSIONS, *AUDIT},
    "/login/": {SESSIONS, *TRIES, *AUDIT},
    "/logout/": AUDIT,
    "/admin/logout/": AUDIT,
    "/audit/events.csv": AUDIT,
}
APPS = {"clinic", "realtime", "auth", "axes"}
# The time of a log-in may change with any answer, like the session.
NOT_KEPT = {"last_login"}

Owner = int | None
Rows = dict[Owner, int]


class Writers:
    """Knows whose each row was as the world was built."""

    def __init__(self, world: World) -> None:
        self._clinics: dict[Owner, str] = {world.ours.pk: "ours", world.theirs.pk: "theirs"}
        self._clinics.update({SHARED: "shared", SYSTEM: "shared"})
        self._persons: dict[Owner, str] = dict(User.objects.values_list("pk", "username"))
        self._persons[SHARED] = NOBODYS
        self._own = {actor: {name, NOBODYS} for actor, name in world.people.items()}
        self.tables = {model._meta.db_table: model for model in apps.get_models() if _is_ours(model)}
        self._rows = {table: self._content(table) for table in self.tables}

    def changed(self, table: str) -> set[str]:
        """Whose rows are other ones now: "ours", "theirs", "shared", "a new one's"; or a person's, by name."""
        before, now = self._rows[table], self._content(table)
        names = self._persons if self.tables[table].__name__ in PERSON else self._clinics
        owners = [owner for owner in before.keys() | now.keys() if before.get(owner) != now.get(owner)]
        return {names.get(owner, "a new one's") for owner in owners}

    def wrong(self, actor: str, asked: Request, written: set[str]) -> Iterator[str]:
        """What somebody stored who has no right to."""
        free = {table for path, tables in FREE.items() if asked.path.startswith(path) for table in tables}
        if actor in WRITES_ALL:
            return
        for table in sorted(written - free):
            if owners := self.changed(table) - _allowed(actor) - self._own.get(actor, set()):
                yield f"{actor} stored in {table}, which is {' and '.join(sorted(owners))}"

    def _content(self, table: str) -> Rows:
        model, rows = self.tables[table], defaultdict(list)
        way = _way(model)
        for owner, *values in model._base_manager.values_list(way or "pk", *_columns(model)):
            rows[owner if way else SHARED].append(repr(values))
        return {owner: hash(tuple(sorted(texts))) for owner, texts in rows.items()}


def _allowed(actor: str) -> set[str]:
    if actor in WRITES_NOTHING:
        return set()
    return {"theirs"} if actor in WRITES_THEIRS else {"ours", *(["shared"] if actor in WRITES_SHARED else [])}


def _way(model: Any) -> str:
    known = {**OWNER, **PERSON}
    return known.get(model.__name__, "clinic" if hasattr(model, "clinic_id") else "")


def _columns(model: Any) -> list[str]:
    return [field.attname for field in model._meta.fields if field.name not in NOT_KEPT]


def _is_ours(model: Any) -> bool:
    return model._meta.app_label in APPS and model._meta.managed
