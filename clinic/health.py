"""The state of everything, in one sentence of truth and a few figures. No patient data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

import redis
from django.db.models import Count, Min, Q

from clinic import clock
from clinic.models import Delivery
from realtime import breaker as vendor_breaker
from realtime import gate, job_queues, jobs, obedience, redis_link, vendor_path
from realtime import switch as vendor_switch
from realtime.models import Desired, Switch

T = TypeVar("T")

ALL_GOOD = "All good"
LATE_SECONDS = 60
CHANGES_SHOWN = 8
_PENDING = Q(state=Delivery.State.PENDING)


@dataclass(frozen=True)
class Owed:
    """What one destination waits for."""

    name: str
    clinic: str
    waiting: int
    given_up: int
    oldest: datetime | None
    is_paused: bool


@dataclass(frozen=True)
class Health:
    """`sentence`: the one that matters most; `alarm` when it needs a person now.

    `depths` and `sent` are None when Redis does not answer. `obeyed`: by which processes the switch is, in words.
    `changes`: the last of the breaker's, newest first.
    """

    sentence: str
    alarm: bool
    switch: Switch | None
    gate: gate.Decision
    depths: dict[str, int] | None
    sent: dict[str, int] | None
    owed: list[Owed] = field(default_factory=list)
    obeyed: str = ""
    breaker: vendor_breaker.View | None = None
    changes: list[vendor_breaker.Event] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        return self.sentence == ALL_GOOD


def look() -> Health:
    """How it all stands now. Waits half a second for a Redis that is away, and never for the vendor."""
    row, view = vendor_switch.read(), vendor_breaker.look()
    decision, depths, owed = gate.decide(row, view), _from_redis(job_queues.depths), _owed()
    ill = _redis_ill(depths) or _given_up(owed) or _destination_ill(owed)
    sentence = ill or _vendor_off(decision, row, view) or _vendor_ill(depths) or ALL_GOOD
    sent, obeyed, changes = _sent(depths), _obeyed(depths, row), _changes(depths)
    return Health(sentence, bool(ill), row, decision, depths, sent, owed, obeyed, view, changes)


def _changes(depths: dict[str, int] | None) -> list[vendor_breaker.Event]:
    """Not even asked for when Redis was away a moment ago."""
    guard = vendor_breaker.Breaker(redis_link.client())
    found = None if depths is None else _from_redis(lambda: guard.events(CHANGES_SHOWN))
    return found or []


def _obeyed(depths: dict[str, int] | None, row: Switch | None) -> str:
    """How many processes have taken in the switch as it stands; not even asked for when Redis was away."""
    if depths is None or row is None:
        return obedience.sentence(None)
    version = row.version
    return obedience.sentence(_from_redis(lambda: obedience.count(version)))


def _redis_ill(depths: dict[str, int] | None) -> str:
    if depths is None:
        return "Redis does not answer: screens follow within 2 seconds, deliveries wait and none is lost"
    return ""


def _given_up(owed: list[Owed]) -> str:
    lost = [o for o in owed if o.given_up]
    if not lost:
        return ""
    return f"{lost[0].name} gave up on {_messages(lost[0].given_up)}: look at it in the admin, under Deliveries"


def _destination_ill(owed: list[Owed]) -> str:
    late = [(_minutes(o.oldest), o) for o in owed if o.oldest and not o.is_paused]
    late = [(minutes, o) for minutes, o in late if minutes * 60 > LATE_SECONDS]
    if not late:
        return ""
    minutes, worst = max(late, key=lambda pair: pair[1].waiting)
    wait = "waits" if worst.waiting == 1 else "wait"
    return f"{worst.name} behind by {minutes:.0f} min: {_messages(worst.waiting)} {wait}, none lost"


def _minutes(since: datetime) -> float:
    return (clock.now() - since).total_seconds() / 60


def _messages(count: int) -> str:
    return "1 message" if count == 1 else f"{count} messages"


def _vendor_off(decision: gate.Decision, row: Switch | None, view: vendor_breaker.View | None) -> str:
    if decision.open:
        return ""
    if decision.by == "switch" and row is not None and row.desired == Desired.OFF:
        return f"Vendor off since {row.at:%H:%M} UTC by {row.actor}: screens run on our own path"
    if decision.by == "breaker" and view is not None and view.since and view.forced == "auto":
        since = datetime.fromtimestamp(view.since, UTC)
        return f"Vendor ill since {since:%H:%M} UTC ({decision.reason}): screens run on our own path"
    return f"Vendor not in use ({decision.reason}): screens run on our own path"


def _vendor_ill(depths: dict[str, int] | None) -> str:
    problem = "" if depths is None else _from_redis(vendor_path.problem) or ""
    return f"Vendor not well ({problem}): screens run on our own path" if problem else ""


def _sent(depths: dict[str, int] | None) -> dict[str, int] | None:
    """Notices by path; not even asked for when Redis was away a moment ago."""
    counts = None if depths is None else _from_redis(jobs.counts)
    if counts is None:
        return None
    totals: dict[str, int] = {}
    for name, count in counts.items():
        path = name.partition(":")[0]
        totals[path] = totals.get(path, 0) + count
    return totals


def _from_redis(ask: Callable[[], T]) -> T | None:
    """The answer, or None when Redis gives none."""
    try:
        return ask()
    except redis.RedisError:
        return None


def _owed() -> list[Owed]:
    rows = (
        Delivery.objects.filter(state__in=[Delivery.State.PENDING, Delivery.State.DEAD])
        .values("destination__name", "destination__clinic__name", "destination__is_paused")
        .annotate(
            waiting=Count("pk", filter=_PENDING),
            given_up=Count("pk", filter=~_PENDING),
            oldest=Min("created_at", filter=_PENDING),
        )
    )
    return [
        Owed(
            row["destination__name"],
            row["destination__clinic__name"],
            row["waiting"],
            row["given_up"],
            row["oldest"],
            row["destination__is_paused"],
        )
        for row in rows
    ]
