"""The admin's addresses: who manages a clinic, who runs the vendor switch and the job queues, and superusers."""

from __future__ import annotations

from tests.clinic.access.table import (
    FIGURES,
    MANAGED,
    NO_JOB,
    NOBODY,
    NOT_THERE,
    QUEUES,
    ROOT,
    VIEWED,
    Row,
    Rule,
    admin,
    everybody,
)

# By model: who sees lists, who adds, who changes, who deletes.
MANAGERS, SUPERUSERS, NONE = ("manager", "superuser"), ("superuser",), ()
OPERATORS = ("ops", "superuser")
Who = tuple[str, ...]
MODELS: dict[str, tuple[Who, Who, Who, Who]] = {
    "clinic/clinic": (MANAGERS, SUPERUSERS, MANAGERS, NONE),
    "clinic/delivery": (MANAGERS, NONE, NONE, NONE),
    "clinic/destination": (MANAGERS, MANAGERS, MANAGERS, MANAGERS),
    "clinic/device": (MANAGERS, MANAGERS, MANAGERS, NONE),
    "clinic/helprequest": (MANAGERS, NONE, NONE, NONE),
    "clinic/inboundmessage": (MANAGERS, NONE, NONE, NONE),
    "clinic/membership": (MANAGERS, MANAGERS, MANAGERS, MANAGERS),
    "clinic/visit": (MANAGERS, NONE, MANAGERS, NONE),
    "auth/group": (SUPERUSERS, SUPERUSERS, SUPERUSERS, SUPERUSERS),
    "auth/user": (SUPERUSERS, SUPERUSERS, SUPERUSERS, SUPERUSERS),
    "realtime/switch": (OPERATORS, NONE, OPERATORS, NONE),
    "realtime/switchevent": (OPERATORS, NONE, NONE, NONE),
}
OBJECT = "<path:object_id>/"
# A history says "not there" to who has no clinic, before it asks for a right.
OF_A_CLINIC = {"ops": "404"}


def of_model(name: str) -> dict[str, Rule]:
    base, model = f"admin/{name}/", name.partition("/")[2]
    seen, adds, changes, deletes = MODELS[name]
    fill, onward = {"object_id": model}, admin(staff="onward")
    history = admin(*seen) | (OF_A_CLINIC if name.startswith("clinic/") else {})
    return {
        base: Rule(admin(*seen), admin(*seen)),
        f"{base}add/": Rule(admin(*adds), admin(*adds)),
        f"{base}{OBJECT}": Rule(onward, onward, fill),
        f"{base}{OBJECT}change/": Rule(admin(*seen), admin(*changes), fill),
        f"{base}{OBJECT}delete/": Rule(admin(*deletes), admin(*deletes), fill),
        f"{base}{OBJECT}history/": Rule(history, history, fill),
    }


def button(name: str) -> tuple[str, Rule]:
    """Of a destination's page."""
    row: Row = admin(staff="405")
    return f"admin/clinic/destination/{OBJECT}{name}/", Rule(row, MANAGED, {"object_id": "destination"})


DASHBOARD = "admin/django_rq/dashboard/"
QUEUE = f"{DASHBOARD}queues/<int:queue_index>/"
JOB = f"{QUEUE}<str:job_id>/"
CRON = f"{DASHBOARD}cron-schedulers/<int:connection_index>/<str:scheduler_name>/"
PLAIN = {
    "queue_index": "0", "job_id": "none", "result_id": "none", "key": "none", "scheduler_index": "0",
    "connection_index": "0", "scheduler_name": "none", "cron_job_name": "none",
}  # fmt: skip
OF_ONE_QUEUE = (
    "deferred", "details", "empty", "failed", "failed/clear", "finished", "requeue-all", "scheduled", "started",
)  # fmt: skip
OF_THE_QUEUES = ("queues/actions", "queues/confirm-action", "workers")
OF_QUEUES = Rule(QUEUES, QUEUES, plain=PLAIN, redis=True)
OF_JOBS = Rule(NO_JOB, NO_JOB, plain=PLAIN, redis=True)

ADMIN_RULES: dict[str, Rule] = {
    "admin/": Rule(VIEWED, VIEWED),
    # Ours, which asks for the second step.
    "admin/login/": Rule(everybody("login"), everybody("login")),
    "admin/logout/": Rule(everybody("405"), everybody("login")),
    "admin/jsi18n/": Rule(VIEWED, admin(staff="405")),
    "admin/password_change/": Rule(VIEWED, VIEWED),
    "admin/password_change/done/": Rule(VIEWED, admin(staff="405")),
    "admin/autocomplete/": Rule(NOBODY, admin(staff="405")),
    "admin/r/<path:content_type_id>/<path:object_id>/": Rule(
        NOT_THERE, NOT_THERE, plain={"content_type_id": "1", "object_id": "1"}
    ),
    "admin/^(?P<app_label>clinic|auth|realtime|django_rq)/$": Rule(
        MANAGED | {"ops": "404"}, MANAGED | {"ops": "404"}, plain={"app_label": "clinic"}
    ),
    "admin/(?P<url>.*)$": Rule(admin(staff="404"), admin(staff="404"), plain={"url": "nowhere/"}),
    "admin/auth/user/<id>/password/": Rule(ROOT, ROOT, {"id": "user"}),
    **{address: rule for name in MODELS for address, rule in of_model(name).items()},
    # There is one row: straight to it.
    "admin/realtime/switch/": Rule(admin(staff="onward"), admin(staff="onward")),
    **dict(button(name) for name in ("test", "pause", "resume")),
    f"{DASHBOARD}^stats.json/?$": Rule(FIGURES, FIGURES, redis=True),
    f"{DASHBOARD}^stats.json/(?P<token>[\\w]+)?/?$": Rule(FIGURES, FIGURES, plain={"token": "none"}, redis=True),
    f"{DASHBOARD}^metrics/?$": Rule(FIGURES, FIGURES, redis=True),
    **dict.fromkeys(
        (
            DASHBOARD, QUEUE,
            *(f"{QUEUE}{page}/" for page in OF_ONE_QUEUE),
            *(f"{DASHBOARD}{page}/<int:queue_index>/" for page in OF_THE_QUEUES),
        ),
        OF_QUEUES,
    ),
    **dict.fromkeys(
        (
            JOB, f"{JOB}results/<str:result_id>/", *(f"{JOB}{act}/" for act in ("delete", "enqueue", "requeue")),
            CRON, f"{CRON}jobs/<path:cron_job_name>/", f"{DASHBOARD}schedulers/<int:scheduler_index>/",
            f"{DASHBOARD}workers/<int:queue_index>/<str:key>/",
        ),
        OF_JOBS,
    ),
    f"{JOB}stop/": Rule(NO_JOB | dict.fromkeys(("ops", "superuser"), "405"), QUEUES, plain=PLAIN, redis=True),
}  # fmt: skip
