"""What wakes somebody is told on the page: each critical alert that fires has its own truth there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from clinic import health
from clinic.health.away import Absence
from clinic.health.truth import Truth
from clinic.metrics import text
from clinic.models import AuditChain, Clinic, DeviceReport
from clinic.running.home import free_port
from realtime import heartbeats, job_queues, tally
from realtime.heartbeats import BEATS, FIRST, PAGES, SCHEDULER, SERVED
from realtime.models import Desired, Switch
from tests.clinic.engine_states import silent
from tests.clinic.metrics.test_alerts import MATCHER, RULES, Selector
from tests.clinic.work import late, stuck, unserved
from tests.factories import make_clinic, make_destination, make_device, make_visit
from tests.own_valkey import connect, refusing

pytestmark = pytest.mark.django_db

CRITICAL = {rule["alert"]: rule["expr"] for rule in RULES if rule["labels"]["severity"] == "critical"}
# No web process is there that could show a page.
WITHOUT_A_PAGE = {"EvenkeelDoesNotAnswer"}
WITHOUT_THE_DATABASE = {"EvenkeelDatabaseAway", "EvenkeelDatabaseLost"}
COMPARED = re.compile(r"(evenkeel_\w+)(?:\{([^}]*)\})?(?:\[\w+\])?\)+ (==|>) (\d+)")
AGO = timedelta(minutes=16)


class World(NamedTuple):
    """An Evenkeel in which all is well, to be brought into trouble; `stack` ends it."""

    redis: Any
    clinic: Clinic
    settings: Any
    stack: ExitStack


@pytest.fixture
def world(harbor: Clinic, live_redis: Any, settings: Any) -> Iterator[World]:
    Switch.objects.update_or_create(pk=1, defaults={"desired": Desired.AUTO})
    tell("worker of any", "scheduler", "web")
    with ExitStack() as stack:
        yield World(live_redis, harbor, settings, stack)


def tell(*kinds: str, round_age: float = 0) -> None:
    serves = {"scheduler": [SCHEDULER], "web": [PAGES]}
    for kind in kinds:
        heartbeats.tell(kind, serves.get(kind, job_queues.NAMES), round_age=round_age)


def fires(expression: str, figures: str) -> bool:
    """Whether one of the comparisons holds that are joined by "or"; for how long it has to is left out."""
    samples = [one for family in text_string_to_metric_families(figures) for one in family.samples]
    compared = COMPARED.findall(expression)
    assert len(compared) == expression.count("evenkeel_"), "an expression of another shape"
    return any(_holds(Selector(name, MATCHER.findall(said)), how, float(bound), samples)
               for name, said, how, bound in compared)  # fmt: skip


def _holds(one: Selector, how: str, bound: float, samples: list[Any]) -> bool:
    found = [sample.value for sample in samples if sample.name == one.metric and one.selects(sample.labels)]
    return any(value > bound for value in found) if how == ">" else bool(found) and set(found) == {bound}


def truths(alert: str) -> tuple[Truth, ...]:
    return (Absence(lambda: None).noticed(),) if alert in WITHOUT_THE_DATABASE else health.look().truths


# --- How each comes about ---------------------------------------------------------------------------------------


def nothing(world: World) -> None:
    """The figures are asked for without the database, as the handler does then."""


def redis_away(world: World) -> None:
    connect(world.settings, f"redis://127.0.0.1:{free_port()}/0")


def redis_full(world: World) -> None:
    world.stack.enter_context(refusing(world.redis, "OOM"))


def too_few_workers(world: World) -> None:
    late("default", 10, 300)


def worker_stuck(world: World) -> None:
    stuck(world.redis, "default", "low")
    late("default", 65, 40)


def queue_unserved(world: World) -> None:
    late("ill", 10)
    unserved(world.redis, "ill", 60)


def workers_gone(world: World) -> None:
    world.redis.delete(BEATS)
    for name in job_queues.NAMES:
        unserved(world.redis, name, 11 * 60)
    tell("scheduler", "web")


def workers_never_came(world: World) -> None:
    world.redis.flushall()
    tell("scheduler", "web")
    world.redis.hincrby(SERVED, FIRST, -60_000)


def scheduler_gone(world: World) -> None:
    world.redis.delete(BEATS)
    unserved(world.redis, SCHEDULER, 120)
    tell("worker of any", "web")


def scheduler_never_came(world: World) -> None:
    world.redis.flushall()
    tell("worker of any", "web")
    world.redis.hincrby(SERVED, FIRST, -120_000)


def scheduler_stuck(world: World) -> None:
    unserved(world.redis, SCHEDULER, 200)
    tell("scheduler", round_age=100)


def gave_up_elsewhere(world: World) -> None:
    """A trouble of more messages, which somebody knows of."""
    bay = make_clinic("bay")
    old = make_destination(bay, name="Old EMR")
    for _visit in range(9):
        make_visit(bay)
    old.deliveries.update(state="dead", created_at=timezone.now() - timedelta(days=9))


def destination_silent(world: World) -> None:
    gave_up_elsewhere(world)
    silent(world.clinic, name="EMR North")
    make_visit(world.clinic)


def destination_failing(world: World) -> None:
    gave_up_elsewhere(world)
    emr = make_destination(world.clinic, name="EMR North")
    make_visit(world.clinic)
    emr.deliveries.update(last_failure="error", first_tried_at=timezone.now() - AGO)


def audit_damaged(world: World) -> None:
    make_visit(world.clinic)
    AuditChain.objects.filter(pk=world.clinic.pk).update(hash="x")
    make_visit(world.clinic)
    tally.hand_over()


def screen(world: World, **said: Any) -> None:
    device, _token = make_device(world.clinic, "monitor")
    DeviceReport.objects.create(device=device, build="0a1b", **{"at": timezone.now(), "data_age": 2, **said})


def screen_silent(world: World) -> None:
    screen(world, at=timezone.now() - AGO)


def screen_stale(world: World) -> None:
    screen(world, path="stale", data_age=240)


# What makes each fire, and how the truth begins that is then told.
CASES: dict[str, list[tuple[Callable[[World], None], str]]] = {
    "EvenkeelDatabaseAway": [(nothing, "The database does not answer since ")],
    "EvenkeelDatabaseLost": [(nothing, "The database does not answer since ")],
    "EvenkeelRedisAway": [
        (redis_away, "Redis does not answer: "),
        (redis_full, "Redis takes no writes (OOM): "),
    ],
    "EvenkeelJobsWait": [
        (too_few_workers, "300 jobs of default wait, "),
        (worker_stuck, "40 jobs of default wait, "),
        (queue_unserved, "No worker serves ill since "),
    ],
    "EvenkeelNoWorker": [
        (workers_gone, "No worker serves integrations, ill, notices, default or low since "),
        (workers_never_came, "No worker serves integrations, ill, notices, default or low: "),
    ],
    "EvenkeelNoScheduler": [
        (scheduler_gone, "The scheduler has not run since "),
        (scheduler_never_came, "The scheduler has not run: "),
        (scheduler_stuck, "The scheduler has not run since "),
    ],
    "EvenkeelDestinationSilent": [
        (destination_silent, "EMR North at Harbor silent for 1 h 30 min: 1 message waits, "),
        (destination_failing, "EMR North at Harbor failing for 16 min: 1 message waits, "),
    ],
    "EvenkeelAuditBroken": [(audit_damaged, "The audit is damaged, ")],
    "EvenkeelScreenMissed": [
        (screen_silent, "Wait-room screen Entrance at Harbor not heard for 16 min"),
        (screen_stale, "Wait-room screen Entrance at Harbor shows data 4 min old"),
    ],
}
EACH = [(name, trouble, said) for name, cases in CASES.items() for trouble, said in cases]


@pytest.mark.parametrize(("alert", "trouble", "said"), EACH)
def test_page_tells_why_while_a_critical_alert_fires(
    world: World, alert: str, trouble: Callable[[World], None], said: str
) -> None:
    trouble(world)
    assert fires(CRITICAL[alert], text(with_database=alert not in WITHOUT_THE_DATABASE).decode())
    told = [one.sentence for one in truths(alert) if one.alarm]
    assert [one for one in told if one.startswith(said)], told


def test_no_critical_alert_fires_while_all_is_good(world: World) -> None:
    figures = text().decode()
    assert [name for name in CASES if fires(CRITICAL[name], figures)] == []
    assert health.look().is_good


def test_every_critical_alert_is_tried() -> None:
    assert set(CASES) == set(CRITICAL) - WITHOUT_A_PAGE
