"""Who may ask for what: an entry for every address that there is. docs/access.md is made from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.clinic.access.world import ACTORS, STAFF

Row = dict[str, str]
IN = "in"
BY_STAFF_STATUS = ("manager", "ops", "superuser")


def everybody(word: str = IN) -> Row:
    return dict.fromkeys(ACTORS, word)


def only(*actors: str, strangers: str = "login", staff: str = "404") -> Row:
    """These are let in; other members of staff are told `staff`, and who is none, `strangers`."""
    words = {actor: staff if actor in STAFF else strangers for actor in ACTORS}
    return words | dict.fromkeys(actors, IN)


def admin(*actors: str, staff: str = "403") -> Row:
    """The same in the admin, where clerks and auditors cannot log in at all."""
    return everybody("login") | dict.fromkeys(BY_STAFF_STATUS, staff) | dict.fromkeys(actors, IN)


def elsewhere(row: Row) -> Row:
    """What the same get for an object of a clinic that is not theirs: it is not there."""
    return row | {actor: "404" for actor in ACTORS if actor != "superuser" and row[actor] == IN}


@dataclass(frozen=True)
class Rule:
    """`fill`: what of a clinic stands in for a parameter of the address, by the parameter's name. `plain`: what
    stands there and belongs to no clinic. `said`: what a form sends. `redis`: it reads Redis.
    """

    get: Row
    post: Row
    fill: dict[str, str] = field(default_factory=dict)
    plain: dict[str, str] = field(default_factory=dict)
    said: dict[str, Any] = field(default_factory=dict)
    redis: bool = False


R405 = everybody("405")
NOT_THERE = everybody("404")
DESK = KEEPERS = only("clerk", "manager")
MANAGERS = only("manager")
ENGINE = only("manager", "ops", "superuser")
OPS = only("ops", "superuser")
AUDIT = only("manager", "auditor", "superuser")
KIOSK = everybody("pair") | {"kiosk": IN}
MONITOR = everybody("pair") | {"monitor": IN}
LISTENERS = everybody("404") | dict.fromkeys(["clerk", "manager", "ops", "kiosk", "monitor", "phone"], IN)
ROOT, MANAGED, VIEWED = admin("superuser"), admin("manager", "superuser"), admin(*BY_STAFF_STATUS)
NOBODY = admin()
QUEUES = admin("ops", "superuser") | {"clerk": "403", "auditor": "403"}
NO_JOB = QUEUES | {"ops": "404", "superuser": "404"}
FIGURES = QUEUES | dict.fromkeys(("stranger", "kiosk", "monitor", "phone"), "401")
# By the pattern of the socket's address, as realtime.routing writes it: who may listen at their own clinic.
SOCKETS = {"^ws/(?P<topic>[a-z2-7]{26})/$": LISTENERS}
OBJECT = {"pk": "device"}
DESTINATION = {"pk": "destination"}

RULES: dict[str, Rule] = {
    # --- Patients -------------------------------------------------------------------------------------------
    **dict.fromkeys(("kiosk/", "kiosk/check/", "kiosk/help/", "kiosk/others/", "kiosk/wipe/"), Rule(KIOSK, KIOSK)),
    **dict.fromkeys(("kiosk/help/coming/", "kiosk/refused/", "kiosk/ticket/"), Rule(KIOSK, R405)),
    "kiosk/<slug:name>/": Rule(KIOSK, KIOSK, plain={"name": "language"}),
    "kiosk/display/<slug:at>/": Rule(KIOSK, KIOSK, plain={"at": "language"}),
    "kiosk/others/<slug:who>/": Rule(KIOSK, KIOSK, plain={"who": "one"}),
    "kiosk/others/<slug:who>/remove/": Rule(KIOSK, KIOSK, plain={"who": "one"}),
    "kiosk/mm/<str:px>.css": Rule(everybody(), R405, plain={"px": "4.000"}),
    "monitor/": Rule(MONITOR, R405),
    "monitor/board/": Rule(MONITOR, R405),
    # Whoever has the link is the patient.
    **dict.fromkeys(
        ("v/<str:token>/", "v/<str:token>/board/"), Rule(everybody(), R405, plain={"token": "harbor" + "t" * 32})
    ),
    **dict.fromkeys(
        ("v/<str:token>/more-time/", "v/<str:token>/leave/"),
        Rule(everybody(), everybody(), plain={"token": "harbor" + "t" * 32}),
    ),
    "v/": Rule(NOT_THERE, NOT_THERE),
    "v/<path:rest>/": Rule(NOT_THERE, NOT_THERE, plain={"rest": "a/b"}),
    # --- The desk -------------------------------------------------------------------------------------------
    **dict.fromkeys(("desk/", "desk/check-in/"), Rule(DESK, DESK)),
    **dict.fromkeys(("desk/board/", "desk/alarms/"), Rule(DESK, R405)),
    "desk/call-next/": Rule(R405, DESK),
    "desk/visits/<uuid:public_id>/": Rule(R405, DESK, {"public_id": "public_id"}, said={"verb": "left"}),
    "desk/help/<int:pk>/": Rule(R405, DESK, {"pk": "help"}),
    "desk/day/": Rule(MANAGERS, R405),
    "desk/bookings/": Rule(KEEPERS, KEEPERS),
    "desk/bookings/template.csv": Rule(KEEPERS, R405),
    # A list is its uploader's alone.
    "desk/bookings/<uuid:public_id>/": Rule(only("clerk"), only("clerk"), {"public_id": "upload"}),
    "desk/devices/": Rule(KEEPERS, R405),
    "desk/devices/pair/": Rule(KEEPERS, KEEPERS),
    "desk/devices/<int:pk>/": Rule(KEEPERS, KEEPERS, OBJECT),
    "desk/devices/<int:pk>/revoke/": Rule(MANAGERS, MANAGERS, OBJECT),
    # --- Devices --------------------------------------------------------------------------------------------
    "pair/<slug:kind>/": Rule(everybody(), R405, plain={"kind": "kiosk"}),
    "pair/<slug:kind>/wait/": Rule(everybody(), R405, plain={"kind": "kiosk"}),
    "devices/report/": Rule(R405, everybody("403") | {"kiosk": IN}, said={"kind": "kiosk", "path": "own"}),
    # On the device itself, right after it was paired, or by who works at its clinic's desk.
    "devices/<slug:kind>/": Rule(
        NOT_THERE | {"kiosk": "login"}, NOT_THERE | {"kiosk": "login"}, plain={"kind": "kiosk"}
    ),
    "live/<slug:topic>/vendor/": Rule(LISTENERS, R405, {"topic": "topic"}),
    # --- Operations and audit -------------------------------------------------------------------------------
    **dict.fromkeys(("ops/", "ops/board/", "ops/status.json"), Rule(OPS, R405)),
    **dict.fromkeys(("ops/vendor/", "ops/jobs/retry/"), Rule(R405, OPS, redis=True)),
    "ops/engine/": Rule(ENGINE, R405),
    "ops/engine/find/": Rule(R405, ENGINE),
    "ops/engine/<int:pk>/": Rule(ENGINE, R405, DESTINATION),
    "ops/engine/<int:pk>/pause/": Rule(ENGINE, ENGINE, DESTINATION),
    "ops/engine/<int:pk>/resend/": Rule(ENGINE, ENGINE, DESTINATION),
    "ops/engine/<int:pk>/<slug:key>/": Rule(
        ENGINE, ENGINE, {**DESTINATION, "key": "key"}, said={"verb": "reveal", "reason": "asked"}
    ),
    **dict.fromkeys(("audit/", "audit/events.csv"), Rule(AUDIT, R405)),
    # --- Everybody ------------------------------------------------------------------------------------------
    **dict.fromkeys(
        ("healthz", "readyz", "serves/", "shell.js", "kiosk/offline/", "monitor/offline/"), Rule(everybody(), R405)
    ),
    # From this machine; from elsewhere with the token alone (tests/clinic/views/test_machines.py).
    "metrics": Rule(everybody(), R405),
    "login/": Rule(everybody(), everybody()),
    # Whose log-in has ended is told so, and led nowhere.
    "login/time/": Rule(only(*STAFF, strangers="401"), R405),
    "login/stay/": Rule(R405, only(*STAFF, strangers="401")),
    # The second step, of whoever has made the first: tests/clinic/views/ has its pages.
    "login/code/": Rule(everybody("login"), everybody("login")),
    "login/set-up/": Rule(
        everybody("login") | dict.fromkeys(STAFF, IN), everybody("login") | dict.fromkeys(STAFF, IN)
    ),
    "logout/": Rule(R405, everybody("login")),
    "": Rule(everybody(), everybody()),
}
